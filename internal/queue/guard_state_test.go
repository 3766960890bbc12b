package queue

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// For any order of actions of workers that may die, disconnect or lose a lease: every task that was enqueued and has
// not ended is in exactly one state, the same in Redis' lists and in asynq's Inspector, and some worker will run it.
func TestATaskIsInExactlyOneState(t *testing.T) {
	onEachRedis(t, func(t *testing.T, f *fixture) {
		rapid.Check(t, func(rt *rapid.T) {
			m := newStateMachine(f, rt)
			rt.Repeat(m.actions())
			m.endAllWorkers(rt)
		})
	})
}

// stateMachine tracks the tasks and which of them have ended.
type stateMachine struct {
	*fixture
	queueOf map[job.ID]string
	ended   map[job.ID]bool
}

func newStateMachine(f *fixture, rt *rapid.T) *stateMachine {
	ctx := f.t.Context()
	if err := f.redis.FlushDB(ctx).Err(); err != nil {
		rt.Fatal(err)
	}
	f.redis.SAdd(ctx, queuemodel.AsynqQueuesKey, queuemodel.High, queuemodel.Normal, queuemodel.Low, queuemodel.Plans) // asynq's client does so once
	f.workers = nil
	for i := range 3 {
		f.addWorker("host-" + fmt.Sprint(i%2))
	}
	return &stateMachine{fixture: f, queueOf: map[job.ID]string{}, ended: map[job.ID]bool{}}
}

func (m *stateMachine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"a worker begins": func(rt *rapid.T) { m.beginAny(rt) },
		"a worker begins and loses the lease": func(rt *rapid.T) {
			m.redis.ZRem(m.t.Context(), queuemodel.QueueKey(queuemodel.Low, "lease"), string(m.beginAny(rt).task))
		},
		"a worker dies and another rescues": func(rt *rapid.T) {
			m.expireWorker(m.anyWorker(rt))
			m.rescueAny(rt)
		},
		"enqueue": func(rt *rapid.T) {
			p := rapid.SampledFrom([]job.Priority{job.High, job.Normal, job.Low}).Draw(rt, "priority")
			m.queueOf[m.enqueueTask(p)] = queuemodel.QueueOf(job.File, p)
		},
		"take":       m.takeAny,
		"claim late": m.claimLate,
		"heartbeat": func(rt *rapid.T) {
			if err := m.anyWorker(rt).SendHeartbeat(m.t.Context()); err != nil {
				rt.Fatal(err)
			}
		},
		"a key expires": func(rt *rapid.T) { m.expireWorker(m.anyWorker(rt)) },
		"a lease is evicted": func(rt *rapid.T) {
			_, d := m.anyDelivery(rt)
			m.redis.ZRem(m.t.Context(), queuemodel.QueueKey(d.queue, "lease"), string(d.task))
		},
		"a handler returns": func(rt *rapid.T) {
			if _, d := m.anyDelivery(rt); d.end != nil {
				d.end()
			}
		},
		"done":       func(rt *rapid.T) { m.recordAny(rt, "done") },
		"retry":      func(rt *rapid.T) { m.recordAny(rt, "retry") },
		"archive":    func(rt *rapid.T) { m.recordAny(rt, "archive") },
		"requeue":    func(rt *rapid.T) { m.recordAny(rt, "requeue") },
		"left alone": m.leaveAny,
		"forward":    m.forwardAny,
		"time passes": func(rt *rapid.T) {
			m.clock.Advance(time.Duration(rapid.IntRange(1, 8).Draw(rt, "s")) * time.Second)
		},
		"rescue":               m.rescueAny,
		"requeue orphans":      m.requeueAny,
		"a worker deregisters": m.deregisterAny,
		"":                     m.checkAllTasks,
	}
}

func (m *stateMachine) anyWorker(rt *rapid.T) *testWorker {
	return rapid.SampledFrom(m.workers).Draw(rt, "worker")
}

// anyDelivery returns one of the last tasks that a worker took: the newest are those that are still active.
func (m *stateMachine) anyDelivery(rt *rapid.T) (*testWorker, *delivered) {
	w := m.anyWorker(rt)
	if len(w.taken) == 0 {
		rt.Skip("the worker has taken nothing")
	}
	return w, w.taken[len(w.taken)-1-rapid.IntRange(0, min(2, len(w.taken)-1)).Draw(rt, "task")]
}

func (m *stateMachine) holderOf(id job.ID) string {
	return m.redis.HGet(m.t.Context(), queuemodel.HoldersKey, string(id)).Val()
}

// hasField reports whether the hash of a worker has a field: "beat" while the worker is alive.
func (m *stateMachine) hasField(worker, field string) bool {
	return m.redis.HExists(m.t.Context(), queuemodel.WorkerPrefix+worker, field).Val()
}

func (m *stateMachine) runs(worker string, id job.ID) bool {
	return m.hasField(worker, queuemodel.TaskField+string(id))
}

func (m *stateMachine) isIn(id job.ID, state string) bool {
	return slices.Equal(m.statesOf(id), []string{state})
}

func (m *stateMachine) beginAny(rt *rapid.T) *delivered {
	w := m.anyWorker(rt)
	m.queueOf[m.enqueueTask(job.Low)] = queuemodel.Low
	d := m.takeTask(w, queuemodel.Low)
	if _, err := m.claimTask(w, d); err != nil && !errors.Is(err, queuemodel.ErrRunInProgress) {
		rt.Fatalf("claim: got %v, want nil", err)
	}
	return d
}

func (m *stateMachine) takeAny(rt *rapid.T) {
	w, queue := m.anyWorker(rt), rapid.SampledFrom(queuemodel.QueueNames()).Draw(rt, "queue")
	d := m.takeTask(w, queue)
	if d == nil {
		rt.Skip("nothing is pending")
	}
	if rapid.IntRange(0, 3).Draw(rt, "dies before it claims") == 0 {
		return
	}
	crashes, err := m.claimTask(w, d)
	if err != nil && !errors.Is(err, queuemodel.ErrRunInProgress) {
		rt.Fatalf("claim: got %v, want nil", err)
	}
	if want := m.crashesOf(queue, d.task); err == nil && crashes != want {
		rt.Fatalf("lost workers of the claim: got %d, want %d", crashes, want)
	}
}

func (m *stateMachine) claimLate(rt *rapid.T) {
	w, d := m.anyDelivery(rt)
	holder := m.holderOf(d.task)
	if _, err := m.claimTask(w, d); err != nil {
		return
	}
	isElsewhere := holder != "" && holder != w.WorkerID() && m.runs(holder, d.task)
	if isElsewhere || !m.isIn(d.task, "active") {
		rt.Fatalf("claimed a task that %q holds and that is in %v", holder, m.statesOf(d.task))
	}
}

// recordAny records an outcome: the holder may, other workers change nothing.
func (m *stateMachine) recordAny(rt *rapid.T, how string) {
	w, d := m.anyDelivery(rt)
	before, holds := m.statesOf(d.task), m.holderOf(d.task) == w.WorkerID()
	answer := m.recordOutcome(w, d, how, m.messageOf(d))
	after := m.statesOf(d.task)
	switch {
	case !holds && !slices.Equal(before, after):
		rt.Fatalf("%s by a worker that does not hold the task: got %v, want %v as before", how, after, before)
	case holds && answer != "":
		rt.Fatalf("%s by the holder: got %q, want OK", how, answer)
	case holds && how == "done":
		m.ended[d.task] = true
	}
}

func (m *stateMachine) leaveAny(rt *rapid.T) {
	w, d := m.anyDelivery(rt)
	before := m.statesOf(d.task)
	answer := m.recordOutcome(w, d, "retry", m.messageOf(d)+errLeaveTask.Error())
	if after := m.statesOf(d.task); answer != "" || !slices.Equal(before, after) {
		rt.Fatalf("a task that is left alone: got %q and %v, want OK and %v as before", answer, after, before)
	}
}

func (m *stateMachine) forwardAny(rt *rapid.T) {
	queue := rapid.SampledFrom(queuemodel.QueueNames()).Draw(rt, "queue")
	keys := []string{queuemodel.QueueKey(queue, "retry"), queuemodel.QueueKey(queue, "pending")}
	err := redis.NewScript(m.scripts.forward).Run(m.t.Context(), m.anyWorker(rt).guard, keys,
		m.clock.Now().Unix(), queuemodel.QueueKey(queue, "t:"), m.clock.Now().UnixNano(), queuemodel.QueueKey(queue, "g:")).Err()
	if err != nil {
		rt.Fatal(err)
	}
}

// rescueAny rescues orphans, and checks that a dead worker's tasks are pending and count one more lost worker.
func (m *stateMachine) rescueAny(rt *rapid.T) {
	orphaned, crashes := map[job.ID]bool{}, map[job.ID]int{}
	for id, queue := range m.queueOf {
		crashes[id] = m.crashesOf(queue, id)
		if holder := m.holderOf(id); holder != "" && !m.hasField(holder, "beat") && m.isIn(id, "active") {
			orphaned[id] = true
		}
	}
	m.rescueNow(m.anyWorker(rt))
	for id, queue := range m.queueOf {
		want := crashes[id]
		if orphaned[id] {
			want++
			if !m.isIn(id, "pending") {
				rt.Fatalf("a dead worker's task: got %v, want pending", m.statesOf(id))
			}
		}
		if got := m.crashesOf(queue, id); got != want && !m.ended[id] {
			rt.Fatalf("lost workers: got %d, want %d", got, want)
		}
		if holder := m.holderOf(id); holder != "" && !m.runs(holder, id) {
			rt.Fatalf("holder after a rescue: got %s, want none", holder)
		}
	}
}

func (m *stateMachine) requeueAny(rt *rapid.T) {
	host := rapid.SampledFrom([]string{"host-0", "host-1", "host"}).Draw(rt, "host")
	tasks, err := m.registry.RequeueOrphans(m.t.Context(), host, time.Time{}, rapid.Bool().Draw(rt, "crashed"))
	if err != nil {
		rt.Fatal(err)
	}
	for _, id := range tasks {
		if !m.isIn(id, "pending") {
			rt.Fatalf("a requeued task: got %v, want pending", m.statesOf(id))
		}
	}
}

func (m *stateMachine) deregisterAny(rt *rapid.T) {
	w := m.anyWorker(rt)
	w.Deregister(m.t.Context())
	for id := range m.queueOf {
		if m.holderOf(id) == w.WorkerID() {
			rt.Fatalf("holder of %s: got a worker that has deregistered", id)
		}
	}
}

// checkAllTasks compares the lists, the leases and asynq's Inspector after each action.
func (m *stateMachine) checkAllTasks(rt *rapid.T) {
	for _, queue := range queuemodel.QueueNames() {
		for _, id := range m.redis.ZRange(m.t.Context(), queuemodel.QueueKey(queue, "lease"), 0, -1).Val() {
			if !m.isIn(job.ID(id), "active") {
				rt.Fatalf("a task with a lease: got %v, want active", m.statesOf(job.ID(id)))
			}
		}
	}
	for id, queue := range m.queueOf {
		states := m.statesOf(id)
		info, err := m.inspector.GetTaskInfo(queue, string(id))
		if m.ended[id] {
			if len(states) != 0 || err == nil {
				rt.Fatalf("a task that has ended: got %v in the lists and %v from the inspector, want none", states, info)
			}
			continue
		}
		if len(states) != 1 || err != nil || info.State.String() != states[0] {
			rt.Fatalf("a task in progress: got %v in the lists and %+v, %v from the inspector, want one state", states, info, err)
		}
	}
}

// endAllWorkers ends every worker. After one rescue nothing is active, and nothing is missing.
func (m *stateMachine) endAllWorkers(rt *rapid.T) {
	for _, w := range m.workers {
		m.expireWorker(w)
	}
	m.clock.Advance(asynqLease)
	m.rescueNow(m.addWorker("last"))
	for id := range m.queueOf {
		states := m.statesOf(id)
		if m.ended[id] != (len(states) == 0) || slices.Contains(states, "active") {
			rt.Fatalf("at the end: got %v, want one state that is not active, or none after the end (%v)", states, m.ended[id])
		}
	}
}
