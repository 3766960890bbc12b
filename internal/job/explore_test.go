package job_test

import (
	"fmt"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// place is the state of the task in the queue.
type place string

const (
	nowhere  place = ""
	pending  place = "pending"
	active   place = "active"
	waiting  place = "retry"
	archived place = "archived"
)

// step is how far a worker is with a delivery.
type step int

const (
	idle    step = iota
	taken        // the queue has delivered the task
	claimed      // the worker has claimed it
	begun        // the record says processing, with the worker's fence
	worked       // the outcome is known
	ended        // the record is final; the document is to be deleted
	settle       // the queue is to be notified
)

// hand is a worker. The outcome that it reports to the queue decides what happens to the task.
type hand struct {
	step    step
	newest  bool // it holds the newest fence of the record
	attempt int8
	crashes int8
	event   job.Event // the outcome
	then    place     // the next state of the task
	counts  bool      // the run counts as an attempt
	away    bool      // its heartbeat has expired: the others take it for dead. It may be paused, or disconnected.
}

// world is one job and its processes. The budgets bound how often each failure may happen.
type world struct {
	record    job.State
	attempt   int8 // of the record
	retried   int8 // attempts that the queue has counted
	document  bool
	task      place
	holder    int8 // 0: none; 1, 2: a worker; dead: one that died
	crashes   int8
	results   int8 // number of results written
	wanted    bool // accepted, and not deleted by its owner
	submitted int8 // steps of the submission
	hands     [2]hand

	deaths, pauses, misses, outages, drains int8
}

const dead = 9

// follow is a possible next event.
type follow struct {
	name   string
	benign bool // it happens eventually without a failure
	to     world
}

// follows returns all possible next events.
func (w world) follows() []follow {
	var all []follow
	add := func(name string, benign bool, change func(*world)) {
		next := w
		change(&next)
		all = append(all, follow{name, benign, next})
	}
	w.submission(add)
	for i := range w.hands {
		w.worker(int8(i), add)
	}
	if w.task == active {
		lost := func(n *world, crashed bool) {
			if crashed {
				n.crashes++
			}
			n.task, n.holder = pending, 0
		}
		switch h := w.holder; {
		case h == 0: // A worker may be about to claim it; it is late.
			add("reap: unclaimed", true, func(n *world) { lost(n, false) })
		case h == dead:
			add("reap: worker died", true, func(n *world) { lost(n, true) })
		case w.hands[h-1].away:
			add("reap: worker away", true, func(n *world) { lost(n, true) })
		case w.hands[h-1].step < claimed:
			add("reap: end was missed", true, func(n *world) { lost(n, false) })
		}
	}
	if w.task == waiting {
		add("forward", true, func(n *world) { n.task = pending })
	}
	if w.wanted && w.submitted == 4 && w.record != job.None {
		add("the owner deletes it", false, func(n *world) {
			n.record, _ = move(n.record, job.Delete, job.API)
			n.document, n.wanted = false, false
		})
	}
	return all
}

// submission stores document, record and task, and answers, in this order; its process may die in between.
func (w world) submission(add func(string, bool, func(*world))) {
	if w.submitted < 0 {
		return
	}
	switch w.submitted {
	case 0:
		add("save", true, func(n *world) { n.document = true; n.submitted++ })
	case 1:
		add("create", true, func(n *world) { n.record, _ = move(job.None, job.Accept, job.API); n.submitted++ })
	case 2:
		add("enqueue", true, func(n *world) { n.task = pending; n.submitted++ })
	case 3:
		add("answer", true, func(n *world) { n.wanted = true; n.submitted++ })
	}
	if w.submitted < 4 && w.deaths > 0 {
		add("the API dies", false, func(n *world) { n.submitted = -1; n.deaths-- })
	}
}

// worker adds the possible events of worker i.
func (w world) worker(i int8, add func(string, bool, func(*world))) {
	h, me := w.hands[i], i+1
	does := func(name string, change func(n *world, h *hand)) {
		add(fmt.Sprintf("%d: %s", me, name), true, func(n *world) { change(n, &n.hands[i]) })
	}
	befalls := func(name string, left int8, change func(n *world, h *hand)) {
		if left > 0 {
			add(fmt.Sprintf("%d: %s", me, name), false, func(n *world) { change(n, &n.hands[i]) })
		}
	}
	if h.step != idle {
		befalls("dies", w.deaths, func(n *world, h *hand) {
			n.deaths--
			*h = hand{}
			if n.holder == me {
				n.holder = dead
			}
		})
	}
	if h.step >= claimed {
		if !h.away {
			befalls("is disconnected", w.pauses, func(n *world, h *hand) { n.pauses--; h.away = true })
		}
		does("beats", func(n *world, h *hand) {
			h.away = false
			if n.holder != me {
				*h = hand{} // the handler is stopped, and asynq is kept from the task
			}
		})
	}
	switch h.step {
	case idle:
		if w.task == pending {
			does("take", func(n *world, h *hand) { n.task, n.holder, h.step = active, 0, taken })
		}
	case taken:
		does("claim", func(n *world, h *hand) {
			other := n.holder != 0 && n.holder != me && n.holder != dead && !n.hands[n.holder-1].away && n.hands[n.holder-1].step >= claimed
			if n.task != active || other {
				*h = hand{}
				return
			}
			n.holder = me
			*h = hand{step: claimed, attempt: n.retried + 1, crashes: n.crashes}
		})
	case claimed:
		does("begin", func(n *world, h *hand) { n.begin(h) })
	case begun:
		come := func(e job.Event) func(*world, *hand) {
			return func(_ *world, h *hand) { h.event, h.step = e, worked }
		}
		if h.crashes >= job.MaxCrashes {
			does("give up", come(job.Fail))
			return
		}
		does("finish", come(job.Finish))
		befalls("meets an outage", w.outages, func(n *world, h *hand) { n.outages--; come(job.Postpone)(n, h) })
		befalls("is drained", w.drains, func(n *world, h *hand) { n.drains--; come(job.Interrupt)(n, h) })
		add(fmt.Sprintf("%d: meets a permanent fault", me), false, func(n *world) { come(job.Fail)(n, &n.hands[i]) })
		if h.attempt < job.MaxAttempts {
			add(fmt.Sprintf("%d: meets a transient fault", me), false, func(n *world) { come(job.Retry)(n, &n.hands[i]) })
		}
	case worked:
		does("write", func(n *world, h *hand) { n.write(h) })
		befalls("misses its write", w.misses, func(n *world, h *hand) { n.misses--; *h = hand{step: settle, then: waiting, away: h.away} })
	case ended:
		does("delete the document", func(n *world, h *hand) { n.document, h.step = false, settle })
	case settle:
		does("settle", func(n *world, h *hand) {
			if n.holder == me && n.task == active {
				n.task, n.holder = h.then, 0
				if h.counts {
					n.retried++
				}
			}
			*h = hand{}
		})
		befalls("misses its end", w.misses, func(n *world, h *hand) { n.misses--; *h = hand{} })
	}
}

func (w *world) begin(h *hand) {
	to, ok := move(w.record, job.Begin, job.Worker)
	if !ok { // final: only the cleanup remains; gone: not even that, as repair may restore the job
		*h = hand{step: ended, then: nowhere, away: h.away}
		if w.record == job.None {
			h.step = settle
		}
		return
	}
	w.record, w.attempt = to, h.attempt
	for i := range w.hands {
		w.hands[i].newest = false
	}
	h.newest, h.step = true, begun
	if h.crashes < job.MaxCrashes {
		h.crashes = 0 // fewer states to explore
	}
}

func (w *world) write(h *hand) {
	to, ok := move(w.record, h.event, job.Worker)
	newest, event := h.newest, h.event
	*h = hand{step: settle, then: waiting, away: h.away}
	if !ok || !newest {
		return // a newer run has begun, or the record is gone: it is delivered again
	}
	w.record = to
	for _, m := range job.LifeTable() {
		if m.From == job.Processing && m.Event == event {
			h.counts = m.Counts
		}
	}
	switch event {
	case job.Finish:
		w.results++
		h.then, h.step = nowhere, ended
	case job.Fail:
		h.then, h.step = archived, ended
	case job.Retry, job.Postpone:
		h.then = waiting
	case job.Interrupt:
		h.then = pending
	}
}

// wrong describes a violated invariant.
func (w world) wrong() string {
	switch final := w.record.IsFinal(); {
	case w.wanted && w.record == job.None:
		return "an accepted job has no record"
	case w.wanted && !final && w.task != pending && w.task != active && w.task != waiting:
		return "an accepted job has not ended and no worker will run it"
	case w.wanted && !final && !w.document:
		return "the document of an accepted job went before its end"
	case w.results > 1:
		return "a result was written twice"
	case w.record == job.Done && w.results != 1:
		return "done without a result"
	case w.retried >= job.MaxAttempts && !final && w.record != job.None:
		return "three attempts were counted and the job continues"
	case w.wanted && w.attempt > w.retried+1:
		return "the record counts an attempt that the queue does not"
	}
	return ""
}

// atRest reports whether nothing is left to do: the job has ended, or is gone, and so are document and task.
func (w world) atRest() bool {
	return (w.record == job.None || w.record.IsFinal()) && !w.document && (w.task == nowhere || w.task == archived)
}

// The test explores every order of events, with two workers that may die, pause, disconnect or drain at any step, and
// may lose any answer. No accepted job is ever lost. Every state can still reach the end without a further failure.
// The result is written once.
func TestEveryLifeOfAJob(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]world{
		"deaths":            {deaths: 4},
		"deaths and pauses": {deaths: 1, pauses: 1},
		"pauses":            {pauses: 2},
		"misses":            {deaths: 1, misses: 1},
		"outages, drains":   {deaths: 1, outages: 1, drains: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			explore(t, start)
		})
	}
}

func explore(t *testing.T, start world) {
	type origin struct {
		from int
		by   string
	}
	number := map[world]int{start: 0}
	states, origins := []world{start}, []origin{{-1, "start"}}
	benign := [][]int{} // for each reached state: the states from which it is reached
	path := func(i int) (events []string) {
		for ; i > 0; i = origins[i].from {
			events = append([]string{origins[i].by}, events...)
		}
		return events
	}
	for i := 0; i < len(states); i++ {
		if what := states[i].wrong(); what != "" {
			t.Fatalf("%s: %+v\nafter %q", what, states[i], path(i))
		}
		for _, f := range states[i].follows() {
			j, known := number[f.to]
			if !known {
				j = len(states)
				number[f.to] = j
				states, origins = append(states, f.to), append(origins, origin{i, f.name})
			}
			if from := states[i].record; from.IsFinal() && f.to.record != from && f.to.record != job.None {
				t.Fatalf("from %s to %s after %q", from, f.to.record, append(path(i), f.name))
			}
			for len(benign) <= j {
				benign = append(benign, nil)
			}
			if f.benign {
				benign[j] = append(benign[j], i)
			}
		}
	}
	// Find the states from which the end can be reached.
	ends := make([]bool, len(states))
	var todo []int
	for i, s := range states {
		if s.atRest() {
			ends[i] = true
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i >= len(benign) {
			continue
		}
		for _, j := range benign[i] {
			if !ends[j] {
				ends[j] = true
				todo = append(todo, j)
			}
		}
	}
	for i, s := range states {
		if s.submitted == 4 && !ends[i] {
			t.Fatalf("it never ends: %+v\nafter %q", s, path(i))
		}
	}
	t.Logf("%d states", len(states))
}
