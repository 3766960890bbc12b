//go:build chaos

package chaos

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
)

// entry is one accepted job, and what its owner has observed of it.
type entry struct {
	id       string
	work     *work
	owner    *client
	sent     time.Time // the request that was answered 202
	accepted time.Time

	last     apiclient.JobStatus
	attempts []attemptStart // the attempts that were observed
	missing  time.Time
	final    *apiclient.JobStatus // as first observed
	ended    time.Time            // when the request for that began
	digest   string
	gone     bool // the job no longer exists: Redis was wiped after its end
	deleted  bool // its deletion was answered with 204
	doomed   bool // its deletion may have taken effect without an answer
	rolled   bool // a killed Redis lost writes of the job that it had acknowledged
	next     time.Time
	busy     bool
	history  []string
}

// attemptStart is the start of an attempt.
type attemptStart struct {
	version int64
	at      time.Time
}

// wipe is a moment at which Redis lost all data, and the states of the jobs that it held.
type wipe struct {
	at     time.Time
	states map[string]string
}

// ledger holds every accepted job. It compares each answer 202 with the outcome of the job.
type ledger struct {
	mu      sync.Mutex
	entries map[string]*entry
	wipes   []wipe
	// stored counts how often the result of a job was written since the last wipe.
	stored     map[string]int
	loading    bool     // Redis reads its file, and publishes every write in it again
	violations []string // what must never happen
}

func newLedger() *ledger { return &ledger{entries: map[string]*entry{}, stored: map[string]int{}} }

// addViolation records something that must never happen.
func (l *ledger) addViolation(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.appendViolation(format, args...)
}

func (l *ledger) appendViolation(format string, args ...any) {
	l.violations = append(l.violations, fmt.Sprintf(format, args...))
}

// addEntry adds the job of an answer 202, and returns its one entry. An answer may name a job of the ledger only to its
// owner, and only for a repeated request or for equal content. Documents are all distinct; forms and saved timelines
// are not.
func (l *ledger) addEntry(e *entry, repeated bool) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.entries[e.id]
	switch {
	case known == nil:
		e.next = e.accepted.Add(firstPoll)
		l.entries[e.id] = e
		return e
	case known.owner != e.owner:
		l.appendViolation("wrong owner: %s was given the job %s of %s", e.owner.owner, e.id, known.owner.owner)
	case !repeated && (e.work.path == uploadPath || e.work != known.work):
		l.appendViolation("doubled: two different requests of %s were given the job %s", e.owner.owner, e.id)
	}
	return known
}

// removeEntry removes an entry.
func (l *ledger) removeEntry(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, e.id)
}

// recordDeletion records the answer to a deletion, and reports whether the job is known to be deleted.
func (l *ledger) recordDeletion(e *entry, told, doomed bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.deleted = e.deleted || told
	e.doomed = e.doomed || doomed
	if told {
		e.addHistory(time.Now(), "deleted")
	}
	return e.deleted
}

const (
	firstPoll  = 50 * time.Millisecond
	pollEvery  = 250 * time.Millisecond
	pollSlowly = 750 * time.Millisecond // after some seconds
)

// claimDue returns at most n jobs that are due to be polled, and marks them as busy.
func (l *ledger) claimDue(now time.Time, n int) []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*entry
	for _, e := range l.entries {
		if len(found) == n {
			break
		}
		if e.final == nil && !e.gone && !e.busy && now.After(e.next) {
			e.busy = true
			found = append(found, e)
		}
	}
	return found
}

// countOpen counts the jobs without a known end.
func (l *ledger) countOpen() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.entries {
		if e.final == nil && !e.gone && (!e.doomed || e.missing.IsZero()) {
			n++
		}
	}
	return n
}

func (l *ledger) listEntries() []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*entry, 0, len(l.entries))
	for _, e := range l.entries {
		all = append(all, e)
	}
	return all
}

// recordAnswer records the answer to a request for a job's status.
func (l *ledger) recordAnswer(e *entry, a answer, began time.Time) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	e.busy = false
	e.next = now.Add(pollEvery)
	if now.Sub(e.accepted) > 5*time.Second {
		e.next = now.Add(pollSlowly)
	}
	switch a.status {
	case 200:
	case 404:
		if e.missing.IsZero() {
			e.missing = now
			e.addHistory(now, "not found")
		}
		e.gone = e.deleted || l.endedBeforeWipe(e)
		return
	default:
		return
	}
	var s apiclient.JobStatus
	if err := json.Unmarshal(a.body, &s); err != nil {
		l.appendViolation("an answer that is no status: %v: %.200s", err, a.body)
		return
	}
	if string(s.JobID) != e.id {
		l.appendViolation("the status of %s names %s", e.id, s.JobID)
	}
	if s.Version != e.last.Version || s.Status != e.last.Status {
		e.addHistory(now, fmt.Sprintf("%s v%d attempt %d%s", s.Status, s.Version, s.Attempt, codeOf(s)))
	}
	if s.Status == "processing" && (len(e.attempts) == 0 || e.attempts[len(e.attempts)-1].version != s.Version) {
		e.attempts = append(e.attempts, attemptStart{s.Version, s.UpdatedAt})
	}
	e.last = s
	if s.Status.IsFinal() && (s.Status == "failed" || len(s.Data) > 0) {
		if s.Status == "done" {
			e.digest = digestOf(s)
		}
		s.Data = nil
		e.final, e.ended = &s, began
	}
}

func codeOf(s apiclient.JobStatus) string {
	if s.Error == nil {
		return ""
	}
	return " " + string(s.Error.Code)
}

func (e *entry) addHistory(now time.Time, what string) {
	e.history = append(e.history, fmt.Sprintf("+%.2fs %s", now.Sub(e.sent).Seconds(), what))
}

// endedBeforeWipe reports whether a job had ended, as far as is known, when Redis lost it.
func (l *ledger) endedBeforeWipe(e *entry) bool {
	for _, w := range l.wipes {
		if s := w.states[e.id]; s == "done" || s == "failed" {
			return true
		}
		if e.final != nil && e.ended.Before(w.at) {
			return true
		}
	}
	return false
}

// recordWipe records that Redis held these jobs and lost them.
func (l *ledger) recordWipe(at time.Time, states map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wipes = append(l.wipes, wipe{at, states})
}

// wipedSince reports whether Redis lost all data after a time.
func (l *ledger) wipedSince(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.wipes {
		if w.at.After(t) {
			return true
		}
	}
	return false
}

// recordResultWrite counts a write of a job's result. More than one is a violation.
func (l *ledger) recordResultWrite(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loading {
		return
	}
	l.stored[id]++
	if l.stored[id] > 1 {
		l.appendViolation("doubled: the result of %s was written %d times", id, l.stored[id])
	}
}

// recordRollback takes the states that a killed Redis will hold after its restart, and returns the number of jobs
// whose state goes back. With the default appendfsync everysec, Redis acknowledges writes up to two seconds before
// they are on a slow disk; after a kill, earlier states may be observed again.
func (l *ledger) recordRollback(states map[string]string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for id, e := range l.entries {
		state, known := states[id]
		ended := state == "done" || state == "failed"
		if !ended {
			delete(l.stored, id)
		}
		switch {
		case e.deleted && known:
			e.deleted, e.doomed = false, true
		case e.final != nil && !ended && !l.endedBeforeWipe(e):
		case e.final == nil && !known && e.missing.IsZero():
		default:
			continue
		}
		n++
		e.rolled = true
		e.addHistory(time.Now(), "rolled back to "+state)
	}
	return n
}

// hasRolled reports whether Redis lost acknowledged writes of a job.
func (l *ledger) hasRolled(e *entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return e.rolled
}

// setLoading sets whether Redis reads its file.
func (l *ledger) setLoading(now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loading = now
}

// resetResultWrites starts a new count: Redis holds no results.
func (l *ledger) resetResultWrites() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.stored)
}
