//go:build chaos

package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
)

// leftovers is what remains of work after all of it should have ended.
type leftovers struct {
	Files  []string // documents and what belongs to them
	Drafts []string // of uploads that were never completed or accepted
	Tasks  []string
	Open   []string // records without an end
}

func (l leftovers) isEmpty() bool { return len(l.Files)+len(l.Tasks)+len(l.Open) == 0 }

// findLeftovers finds work that has not ended. The callback reports whether the job that a file is named after was
// accepted.
func (w *world) findLeftovers(ctx context.Context, told func(file string) bool) (leftovers, error) {
	var l leftovers
	files, err := os.ReadDir(w.uploads)
	if err != nil {
		return l, err
	}
	for _, f := range files {
		switch {
		case f.IsDir() || strings.HasPrefix(f.Name(), "."):
		case strings.HasSuffix(f.Name(), ".tmp"), !told(f.Name()) && isTicketWithoutDocument(f.Name(), files):
			l.Drafts = append(l.Drafts, f.Name())
		default:
			l.Files = append(l.Files, f.Name())
		}
	}
	// asynq's keys: lists of pending and active tasks, sorted sets of scheduled ones and retries.
	queues, err := w.redis.SMembers(ctx, "asynq:queues").Result()
	if err != nil {
		return l, err
	}
	for _, q := range queues {
		for _, state := range []string{"pending", "active"} {
			ids, err := w.redis.LRange(ctx, "asynq:{"+q+"}:"+state, 0, -1).Result()
			if err != nil {
				return l, err
			}
			for _, id := range ids {
				l.Tasks = append(l.Tasks, q+" "+state+" "+id)
			}
		}
		for _, state := range []string{"scheduled", "retry"} {
			ids, err := w.redis.ZRange(ctx, "asynq:{"+q+"}:"+state, 0, -1).Result()
			if err != nil {
				return l, err
			}
			for _, id := range ids {
				l.Tasks = append(l.Tasks, q+" "+state+" "+id)
			}
		}
	}
	states, err := readJobStates(ctx, w.redis)
	if err != nil {
		return l, err
	}
	for id, state := range states {
		if state != "done" && state != "failed" {
			l.Open = append(l.Open, id+" "+state)
		}
	}
	return l, nil
}

// isTicketWithoutDocument reports whether a file is a ticket without its document. The ticket is written first, and
// has no meaning alone.
func isTicketWithoutDocument(file string, all []os.DirEntry) bool {
	id, sidecar := strings.CutSuffix(file, ".json")
	return sidecar && !slices.ContainsFunc(all, func(f os.DirEntry) bool { return f.Name() == id+".pdf" })
}

// isAccepted reports whether the job that a file is named after was accepted.
func (l *ledger) isAccepted(file string) bool {
	id, _, _ := strings.Cut(file, ".")
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[id] != nil
}

// waitUntilSettled waits until every accepted job has ended and nothing remains, at most for the limit. It returns how
// long that took, and what remains.
func (l *load) waitUntilSettled(ctx context.Context, limit time.Duration) (time.Duration, leftovers, error) {
	began := time.Now()
	for {
		left, err := l.w.findLeftovers(ctx, l.ledger.isAccepted)
		if err == nil && l.ledger.countOpen() == 0 && left.isEmpty() {
			return time.Since(began), left, nil
		}
		if time.Since(began) > limit {
			return time.Since(began), left, err
		}
		<-time.After(200 * time.Millisecond)
	}
}

// outcome counts the outcomes of the accepted jobs.
type outcome struct {
	Accepted                   int
	Done, Failed               int // as expected
	Gone                       int // results that a wipe of Redis removed; of those:
	GoneUnseen                 int // ended without having been polled
	Back                       int // ran again, as Redis was wiped after their end
	Deleted                    int // by their owners
	Rolled                     int // with acknowledged writes that a killed Redis lost
	Quarantined                int // failed because three workers that ran them were killed
	Lost, Wrong, Doubled, Seen int // Seen: by another user than the owner
	Findings                   []string
}

// verifyOutcomes reads every job once more, as its owner and as another user, and counts the outcomes.
func (l *load) verifyOutcomes(ctx context.Context, kills []kill) outcome {
	var o outcome
	var mu sync.Mutex
	var all sync.WaitGroup
	jobs := make(chan *entry)
	for range 4 {
		all.Go(func() {
			for e := range jobs {
				path := statusPath + e.id
				own := e.owner.send(ctx, l.targetOf(apis[0]), apiclient.Request{Method: http.MethodGet, Path: path})
				stranger := l.users[(slices.Index(l.users, e.owner)+1)%len(l.users)]
				other := stranger.send(ctx, l.targetOf(apis[1]), apiclient.Request{Method: http.MethodGet, Path: path})
				mu.Lock()
				l.verifyJob(&o, e, own, other, kills)
				mu.Unlock()
			}
		})
	}
	for _, e := range l.ledger.listEntries() {
		jobs <- e
	}
	close(jobs)
	all.Wait()
	return o
}

// verifyJob classifies the outcome of one job.
func (l *load) verifyJob(o *outcome, e *entry, own, other answer, kills []kill) {
	o.Accepted++
	find := func(count *int, format string, args ...any) {
		*count++
		o.Findings = append(o.Findings, fmt.Sprintf(format, args...)+"\n"+l.describeJob(e))
	}
	if other.status != http.StatusNotFound {
		find(&o.Seen, "wrong owner: another is answered %v", other)
	}
	if own.status == http.StatusNotFound {
		l.ledger.mu.Lock()
		gone := l.ledger.endedBeforeWipe(e)
		l.ledger.mu.Unlock()
		switch {
		case e.deleted, e.doomed:
			o.Deleted++
		case !gone && !(e.rolled && e.final != nil):
			find(&o.Lost, "lost: there is no such job")
		case e.final == nil:
			o.Gone++
			o.GoneUnseen++
		default:
			o.Gone++
		}
		return
	}
	if e.rolled {
		o.Rolled++
	}
	if e.deleted {
		find(&o.Wrong, "wrong: it exists, although its deletion was answered")
		return
	}
	var s apiclient.JobStatus
	if own.status != http.StatusOK || json.Unmarshal(own.body, &s) != nil {
		find(&o.Lost, "lost: its status is answered %v", own)
		return
	}
	if !s.Status.IsFinal() {
		find(&o.Lost, "lost: it is %s for ever", s.Status)
		return
	}
	if e.final != nil && (e.final.Version != s.Version || e.final.Status != s.Status) {
		if !l.ledger.wipedSince(e.ended) && !e.rolled {
			find(&o.Doubled, "doubled: it was %s at version %d, and is %s at version %d", e.final.Status, e.final.Version, s.Status, s.Version)
			return
		}
		o.Back++
	}
	switch code := strings.TrimSpace(codeOf(s)); {
	case e.rolled && e.doomed:
		o.Deleted++ // and Redis restored it without its document
	case s.Status == "done" && e.work.code == "" && digestOf(s) == e.work.digest:
		o.Done++
	case s.Status == "failed" && (code == e.work.code && code != "" || slices.Contains(e.work.codes, code)):
		o.Failed++
	case s.Status == "failed" && code == "worker_lost" && countKills(kills, e.sent, *s.FinishedAt) >= 3:
		o.Quarantined++
	case s.Status == "failed":
		find(&o.Wrong, "wrong: it failed with %s, want %q", code, e.work.code)
	case e.work.code != "":
		find(&o.Wrong, "wrong: it is done, want %s", e.work.code)
	default:
		find(&o.Wrong, "wrong: another result than in a calm system")
	}
}

func countKills(kills []kill, from, to time.Time) int {
	n := 0
	for _, k := range kills {
		if k.at.After(from) && k.at.Before(to) {
			n++
		}
	}
	return n
}

// describeJob returns everything that is known about a job.
func (l *load) describeJob(e *entry) string {
	return fmt.Sprintf("    %s %s of %s, sent at %.2fs: %s", e.id, e.work.name, e.owner.owner, e.sent.Sub(l.w.began).Seconds(), strings.Join(e.history, ", "))
}

// measureRecoveries returns the times from the kill of a worker until a job that had begun before it ran again.
func (l *load) measureRecoveries(kills []kill) []time.Duration {
	var times []time.Duration
	for _, e := range l.ledger.listEntries() {
		for i := 1; i < len(e.attempts); i++ {
			before, after := e.attempts[i-1], e.attempts[i]
			if before.version+1 != after.version {
				continue // another write in between: not a crash
			}
			for _, k := range slices.Backward(kills) {
				if k.at.After(before.at) && k.at.Before(after.at) {
					times = append(times, after.at.Sub(k.at))
					break
				}
			}
		}
	}
	return times
}

// readGauge reads one metric of a process; -1 if it is unavailable.
func (w *world) readGauge(name, metric string) float64 {
	res, err := probes.Get("http://" + w.metrics[name] + "/metrics")
	if err != nil {
		return -1
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), metric+" "); ok {
			if v, err := strconv.ParseFloat(rest, 64); err == nil {
				return v
			}
		}
	}
	return -1
}
