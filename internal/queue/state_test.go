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
)

// Whatever workers do, in whatever order, and whoever dies, is cut off, or loses a lease: every task that was enqueued and
// has not ended is in exactly one state, the same to Redis' lists and to asynq's Inspector, and some worker will run it.
func TestATaskIsInExactlyOneState(t *testing.T) {
	onBooks(t, func(t *testing.T, b *books) {
		rapid.Check(t, func(rt *rapid.T) {
			ctx := t.Context()
			if err := b.redis.FlushDB(ctx).Err(); err != nil {
				rt.Fatal(err)
			}
			b.redis.SAdd(ctx, "asynq:queues", High, Normal, Low) // asynq's client does so once
			b.workers = nil
			queueOf, ended := map[job.ID]string{}, map[job.ID]bool{}
			for range 3 {
				b.worker("host-" + fmt.Sprint(len(b.workers)%2))
			}
			some := func(rt *rapid.T) *fake { return rapid.SampledFrom(b.workers).Draw(rt, "worker") }
			taken := func(rt *rapid.T) (*fake, *attempted) {
				w := some(rt)
				if len(w.runs) == 0 {
					rt.Skip("it has nothing")
				}
				// The newest are those that are still active.
				return w, w.runs[len(w.runs)-1-rapid.IntRange(0, min(2, len(w.runs)-1)).Draw(rt, "task")]
			}
			holder := func(id job.ID) string { return b.redis.HGet(ctx, holdersKey, string(id)).Val() }
			alive := func(worker, field string) bool { return b.redis.HExists(ctx, workerKey+worker, field).Val() }
			settle := func(rt *rapid.T, how string) {
				w, a := taken(rt)
				before, mine := b.where(a.task), holder(a.task) == w.beats.id
				answer := b.settle(w, a, how, b.message(a))
				after := b.where(a.task)
				switch {
				case !mine && !slices.Equal(before, after):
					rt.Fatalf("%s by a worker that does not hold the task: from %v to %v", how, before, after)
				case mine && answer != "":
					rt.Fatalf("%s by the holder: %s", how, answer)
				case mine && how == "done":
					ended[a.task] = true
				}
			}
			reap := func(rt *rapid.T) {
				dead := map[job.ID]bool{}
				crashes := map[job.ID]int{}
				for id, queue := range queueOf {
					crashes[id] = b.crashes(queue, id)
					if h := holder(id); h != "" && !alive(h, "beat") && slices.Equal(b.where(id), []string{"active"}) {
						dead[id] = true
					}
				}
				b.reapNow(some(rt))
				for id, queue := range queueOf {
					want := crashes[id]
					if dead[id] {
						want++
						if got := b.where(id); !slices.Equal(got, []string{"pending"}) {
							rt.Fatalf("a dead worker's task is in %v", got)
						}
					}
					if got := b.crashes(queue, id); got != want && !ended[id] {
						rt.Fatalf("%d crashes, want %d", got, want)
					}
					if h := holder(id); h != "" && !alive(h, taskField+string(id)) {
						rt.Fatalf("%s still counts as the holder", h)
					}
				}
			}
			begin := func(rt *rapid.T) *attempted {
				w := some(rt)
				queueOf[b.enqueue(job.Low)] = Low
				a := b.take(w, Low)
				if _, _, err := b.claim(w, a); err != nil && !errors.Is(err, errHere) {
					rt.Fatalf("claim: %v", err)
				}
				return a
			}
			rt.Repeat(map[string]func(*rapid.T){
				"a worker begins": func(rt *rapid.T) { begin(rt) },
				"a worker begins and loses the lease": func(rt *rapid.T) {
					b.redis.ZRem(ctx, key(Low, "lease"), string(begin(rt).task))
				},
				"a worker dies and another looks": func(rt *rapid.T) {
					b.redis.Del(ctx, workerKey+some(rt).beats.id)
					reap(rt)
				},
				"enqueue": func(rt *rapid.T) {
					p := rapid.SampledFrom([]job.Priority{job.High, job.Normal, job.Low}).Draw(rt, "priority")
					queueOf[b.enqueue(p)] = queues[p]
				},
				"take": func(rt *rapid.T) {
					w, queue := some(rt), rapid.SampledFrom(Names()).Draw(rt, "queue")
					a := b.take(w, queue)
					if a == nil {
						rt.Skip("nothing is pending")
					}
					if rapid.IntRange(0, 3).Draw(rt, "dies before it claims") > 0 {
						_, n, err := b.claim(w, a)
						if err != nil && !errors.Is(err, errHere) {
							rt.Fatalf("claim: %v", err)
						}
						if err == nil && n != b.crashes(queue, a.task) {
							rt.Fatalf("%d crashes, stored %d", n, b.crashes(queue, a.task))
						}
					}
				},
				"claim late": func(rt *rapid.T) {
					w, a := taken(rt)
					other := holder(a.task)
					_, _, err := b.claim(w, a)
					if err == nil && (other != "" && other != w.beats.id && alive(other, taskField+string(a.task)) || !slices.Equal(b.where(a.task), []string{"active"})) {
						rt.Fatalf("claimed a task of %q that is in %v", other, b.where(a.task))
					}
				},
				"beat": func(rt *rapid.T) {
					if err := some(rt).beats.beat(ctx); err != nil {
						rt.Fatal(err)
					}
				},
				"a key runs out": func(rt *rapid.T) { b.redis.Del(ctx, workerKey+some(rt).beats.id) },
				"a lease is evicted": func(rt *rapid.T) {
					_, a := taken(rt)
					b.redis.ZRem(ctx, key(a.queue, "lease"), string(a.task))
				},
				"a handler returns": func(rt *rapid.T) {
					w, a := taken(rt)
					if r, ok := w.beats.runs[a.task]; ok {
						w.beats.end(r)
					}
				},
				"done":    func(rt *rapid.T) { settle(rt, "done") },
				"retry":   func(rt *rapid.T) { settle(rt, "retry") },
				"archive": func(rt *rapid.T) { settle(rt, "archive") },
				"requeue": func(rt *rapid.T) { settle(rt, "requeue") },
				"left alone": func(rt *rapid.T) {
					w, a := taken(rt)
					before := b.where(a.task)
					if answer := b.settle(w, a, "retry", b.message(a)+errLeft.Error()); answer != "" || !slices.Equal(before, b.where(a.task)) {
						rt.Fatalf("%q, from %v to %v", answer, before, b.where(a.task))
					}
				},
				"forward": func(rt *rapid.T) {
					queue := rapid.SampledFrom(Names()).Draw(rt, "queue")
					err := redis.NewScript(b.scripts.forward).Run(ctx, some(rt).guard, []string{key(queue, "retry"), key(queue, "pending")},
						b.clock.Now().Unix(), key(queue, "t:"), b.clock.Now().UnixNano(), key(queue, "g:")).Err()
					if err != nil {
						rt.Fatal(err)
					}
				},
				"time passes": func(rt *rapid.T) {
					b.clock.Advance(time.Duration(rapid.IntRange(1, 8).Draw(rt, "s")) * time.Second)
				},
				"reap": reap,
				"recover": func(rt *rapid.T) {
					host := rapid.SampledFrom([]string{"host-0", "host-1", "host"}).Draw(rt, "host")
					tasks, err := b.client.RequeueOrphans(ctx, host, time.Time{}, rapid.Bool().Draw(rt, "crashed"))
					if err != nil {
						rt.Fatal(err)
					}
					for _, id := range tasks {
						if got := b.where(id); !slices.Equal(got, []string{"pending"}) {
							rt.Fatalf("recovered, and in %v", got)
						}
					}
				},
				"a worker leaves": func(rt *rapid.T) {
					w := some(rt)
					w.say(ctx)
					for id := range queueOf {
						if holder(id) == w.beats.id {
							rt.Fatal("a worker that is gone holds a task")
						}
					}
				},
				"": func(rt *rapid.T) {
					for _, queue := range Names() {
						for _, id := range b.redis.ZRange(ctx, key(queue, "lease"), 0, -1).Val() {
							if !slices.Equal(b.where(job.ID(id)), []string{"active"}) {
								rt.Fatalf("a lease on a task in %v", b.where(job.ID(id)))
							}
						}
					}
					for id, queue := range queueOf {
						states := b.where(id)
						info, err := b.inspector.GetTaskInfo(queue, string(id))
						if ended[id] {
							if len(states) != 0 || err == nil {
								rt.Fatalf("a task that has ended is in %v, %v", states, info)
							}
							continue
						}
						if len(states) != 1 || err != nil || info.State.String() != states[0] {
							rt.Fatalf("the lists say %v, the inspector %+v, %v", states, info, err)
						}
					}
				},
			})
			// Everybody dies. One look later nothing is active, and nothing is missing.
			for _, w := range b.workers {
				b.redis.Del(ctx, workerKey+w.beats.id)
			}
			b.clock.Advance(lease)
			b.reapNow(b.worker("last"))
			for id := range queueOf {
				states := b.where(id)
				if ended[id] != (len(states) == 0) || slices.Contains(states, "active") {
					rt.Fatalf("at the end, ended %v: %v", ended[id], states)
				}
			}
		})
	})
}
