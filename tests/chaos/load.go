//go:build chaos

package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
)

// load is the users who submit work, and the observer who polls their jobs.
type load struct {
	w      *world
	ledger *ledger
	menu   *menu
	users  []*client
	saved  map[*client]*work // a saved timeline, for some
	tally  *tally
}

const owners = 6

func newLoad(w *world) (*load, error) {
	docs, err := loadDocuments()
	if err != nil {
		return nil, err
	}
	l := &load{w: w, ledger: newLedger(), menu: newMenu(docs, newForms()), saved: map[*client]*work{}, tally: newTally()}
	for i := range owners {
		user, err := newClient(fmt.Sprintf("owner-%d", i+1), l.tally)
		if err != nil {
			return nil, err
		}
		l.users = append(l.users, user)
	}
	return l, nil
}

// targetOf returns an API, behind the link of its clients.
func (l *load) targetOf(api string) target {
	return target{api, "http://" + l.w.links["client>"+api].addr}
}

// submitWork sends work once, and adds the job to the ledger if the answer is 202.
func (l *load) submitWork(ctx context.Context, user *client, work *work, via, key, query, distinct string, repeated bool) (answer, *entry) {
	sent := time.Now()
	body := work.buildBody(distinct)
	a := user.send(ctx, l.targetOf(via), apiclient.Request{
		Method: http.MethodPost, Path: work.path + query, ContentType: body.ContentType, IdempotencyKey: key, Body: body.Body,
	})
	if a.err != nil || a.status != http.StatusAccepted {
		return a, nil
	}
	var receipt apiclient.JobStatus
	if err := json.Unmarshal(a.body, &receipt); err != nil || receipt.JobID == "" {
		l.ledger.addViolation("an answer 202 without a job: %.200s", a.body)
		return a, nil
	}
	e := &entry{id: string(receipt.JobID), work: work, owner: user, sent: sent, accepted: time.Now()}
	return a, l.ledger.addEntry(e, repeated)
}

// pollStatus requests a job's status, and its result if it is done, and records the answer.
func (l *load) pollStatus(ctx context.Context, e *entry, via string) {
	began := time.Now()
	path := statusPath + e.id
	a := e.owner.send(ctx, l.targetOf(via), apiclient.Request{Method: http.MethodGet, Path: path + "?result=false"})
	var s apiclient.JobStatus
	if a.status == http.StatusOK && json.Unmarshal(a.body, &s) == nil && s.Status == "done" {
		a = e.owner.send(ctx, l.targetOf(via), apiclient.Request{Method: http.MethodGet, Path: path})
	}
	l.ledger.recordAnswer(e, a, began)
}

// learnOutcomes submits everything once to an undisturbed system. Its outcomes are the expected ones of the run.
func (l *load) learnOutcomes(ctx context.Context) ([]time.Duration, error) {
	var times []time.Duration
	learn := func(user *client, w *work) (*entry, error) {
		e, err := l.submitAndWait(ctx, user, w)
		if err != nil {
			return nil, err
		}
		w.digest = e.digest
		if e.final.Error != nil {
			w.code = string(e.final.Error.Code)
		}
		if !w.costly {
			times = append(times, e.final.FinishedAt.Sub(e.sent))
		}
		return e, nil
	}
	var plain *entry
	for _, works := range [][]*work{l.menu.good, l.menu.hostile, l.menu.costly, l.menu.forms} {
		kept := works[:0]
		for _, w := range works {
			e, err := learn(l.users[0], w)
			if errors.Is(err, errRefusedAtUpload) { // an empty file makes no job
				continue
			}
			if err != nil {
				return nil, err
			}
			if err := w.checkExpectedCode(); err != nil {
				return nil, err
			}
			if w.path == uploadPath && w.code == "" {
				plain = e
			}
			kept = append(kept, w)
		}
		switch {
		case len(works) == 0:
		case works[0].costly:
			l.menu.costly = kept
		case works[0].path == formPath:
			l.menu.forms = kept
		case len(works[0].codes) > 0:
			l.menu.hostile = kept
		default:
			l.menu.good = kept
		}
	}
	// Half of the users save a timeline, and load it again from time to time.
	for _, user := range l.users[:owners/2] {
		e, err := l.submitAndWait(ctx, user, plain.work)
		if err != nil {
			return nil, err
		}
		a := user.send(ctx, l.targetOf(apis[0]), apiclient.Request{
			Method: http.MethodPost, Path: "/api/timelines", ContentType: "application/json", Body: fmt.Appendf(nil, `{"jobId":%q}`, e.id),
		})
		if a.status != http.StatusCreated {
			return nil, fmt.Errorf("a timeline is not saved: %v", a)
		}
		l.ledger.removeEntry(e) // saving changed the result: it now has the id of the timeline
		w := &work{name: "saved timeline", path: "/api/timeline" + a.location[len("/api/timelines"):] + "/load"}
		if _, err := learn(user, w); err != nil {
			return nil, err
		}
		l.saved[user] = w
	}
	return times, nil
}

var errRefusedAtUpload = errors.New("refused")

// checkExpectedCode compares the outcome in an undisturbed system with the expectation of the test set.
func (w *work) checkExpectedCode() error {
	if len(w.codes) == 0 {
		return nil // the test set is about parsing: a document that parses may still fail, as commerce does for its degree
	}
	for _, code := range w.codes {
		if w.code == code {
			return nil
		}
	}
	return fmt.Errorf("%s: the calm system says %q, want one of %v", w.name, w.code, w.codes)
}

// submitAndWait submits work and waits for the end of its job.
func (l *load) submitAndWait(ctx context.Context, user *client, w *work) (*entry, error) {
	a, e := l.submitWork(ctx, user, w, apis[0], "", "", fmt.Sprint(rand.Uint64()), false)
	if e == nil {
		if a.status == http.StatusUnsupportedMediaType {
			return nil, errRefusedAtUpload
		}
		return nil, fmt.Errorf("%s: not accepted: %v", w.name, a)
	}
	for deadline := e.accepted.Add(time.Minute); ; {
		l.pollStatus(ctx, e, apis[0])
		if e.final != nil {
			return e, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%s: no end within a minute: %v", w.name, e.history)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// runUsers submits work until ctx ends, at the given number of submissions a second for all users together.
func (l *load) runUsers(ctx context.Context, seed uint64, rate float64) {
	var all sync.WaitGroup
	for i, user := range l.users {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i+1)))
			for n := 0; ; n++ {
				pause := time.Duration(r.ExpFloat64() * float64(len(l.users)) / rate * float64(time.Second))
				select {
				case <-ctx.Done():
					return
				case <-time.After(pause):
				}
				l.performAction(ctx, r, user, n)
			}
		})
	}
	all.Wait()
}

// performAction performs one action of a user: mostly one submission; with an idempotency key it is repeated until it
// succeeds, and sometimes once more.
func (l *load) performAction(ctx context.Context, r *rand.Rand, user *client, n int) {
	work := l.menu.chooseWork(r, l.saved[user])
	distinct := fmt.Sprintf("%s %d %d", user.owner, n, r.Uint64())
	via := apis[r.IntN(len(apis))]
	query := ""
	switch r.IntN(10) {
	case 0:
		query = "?priority=high"
	case 1:
		query = "?priority=low"
	}
	keyed, again := r.IntN(5) == 0, r.IntN(2) == 0
	if !keyed {
		if _, e := l.submitWork(ctx, user, work, via, "", query, distinct, false); e != nil && r.IntN(25) == 0 {
			l.deleteJob(ctx, r, e)
		}
		return
	}
	key := fmt.Sprintf("key-%d", n) // other owners use the same key
	var first *entry
	for try := 0; try < 20 && first == nil; try++ {
		var a answer
		a, first = l.submitWork(ctx, user, work, apis[(int(r.Uint32())+try)%len(apis)], key, query, distinct, try > 0)
		if first == nil && !a.isUnclear() && a.status != http.StatusConflict && a.status != http.StatusTooManyRequests {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
	if first == nil || !again {
		return
	}
	_, second := l.submitWork(ctx, user, work, apis[r.IntN(len(apis))], key, query, distinct, true)
	if second != nil && second.id != first.id && !l.ledger.wipedSince(first.sent) && !l.ledger.hasRolled(first) {
		l.ledger.addViolation("doubled: %s of %s was accepted as %s and again as %s", key, user.owner, first.id, second.id)
	}
}

// deleteJob deletes a job that was just accepted, and repeats that until it succeeds.
func (l *load) deleteJob(ctx context.Context, r *rand.Rand, e *entry) {
	for try := range 20 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(r.Int64N(int64(time.Second)))):
		}
		via := apis[r.IntN(len(apis))]
		a := e.owner.send(ctx, l.targetOf(via), apiclient.Request{Method: http.MethodDelete, Path: statusPath + e.id})
		// Not found is ambiguous: Redis may have lost the job for the moment, or an earlier try may have deleted it.
		if l.ledger.recordDeletion(e, a.status == http.StatusNoContent, a.isUnclear() || try > 0) || a.status == http.StatusNotFound {
			return
		}
	}
}

// pollJobs polls every job until the job or ctx has ended.
func (l *load) pollJobs(ctx context.Context) {
	const width = 6
	jobs := make(chan *entry)
	var all sync.WaitGroup
	for i := range width {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for e := range jobs {
				l.pollStatus(ctx, e, apis[r.IntN(len(apis))])
			}
		})
	}
	defer all.Wait()
	defer close(jobs)
	for {
		found := l.ledger.claimDue(time.Now(), width)
		for _, e := range found {
			jobs <- e
		}
		if len(found) == width && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
