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

// leftovers is what is left of work when all of it should be over.
type leftovers struct {
	Files  []string // documents and what belongs to them
	Drafts []string // of uploads that were never completed, and that nobody was told of
	Tasks  []string
	Open   []string // records without an end
}

func (l leftovers) isEmpty() bool { return len(l.Files)+len(l.Tasks)+len(l.Open) == 0 }

// leftovers looks for work that is not over. told says whether the job that a file is named for was accepted.
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
	// asynq's keys: lists of what waits and runs, sorted sets of what waits for a time.
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

// alone says that a file is a sidecar without its document: it is written first, and says nothing without it.
func isTicketWithoutDocument(file string, all []os.DirEntry) bool {
	id, sidecar := strings.CutSuffix(file, ".json")
	return sidecar && !slices.ContainsFunc(all, func(f os.DirEntry) bool { return f.Name() == id+".pdf" })
}

// told says whether the job that a file is named for was accepted.
func (l *ledger) isAccepted(file string) bool {
	id, _, _ := strings.Cut(file, ".")
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[id] != nil
}

// settle waits until every accepted job has ended and nothing is left, for so long at most, and says how long it took.
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

// outcome is what came of all that was accepted.
type outcome struct {
	Accepted                   int
	Done, Failed               int // as expected
	Gone                       int // results that went with a wipe of Redis; of those:
	GoneUnseen                 int // ended, and nobody had asked yet
	Back                       int // ran again, as Redis was wiped after their end
	Deleted                    int // by their owners
	Rolled                     int // of which a killed Redis had forgotten what it had answered
	Quarantined                int // failed as three workers were killed under them
	Lost, Wrong, Doubled, Seen int // Seen: by somebody else than the owner
	Findings                   []string
}

// judge reads every job once more, as its owner and as another, and says what came of all.
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

// verdict says what came of one job.
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
		find(&o.Wrong, "wrong: it is there, and its owner was told that it is deleted")
		return
	}
	var s apiclient.JobStatus
	if own.status != http.StatusOK || json.Unmarshal(own.body, &s) != nil {
		find(&o.Lost, "lost: its status is answered %v", own)
		return
	}
	if !s.Status.Final() {
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
		o.Deleted++ // and came back without its document
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

// story is all that is known of a job.
func (l *load) describeJob(e *entry) string {
	return fmt.Sprintf("    %s %s of %s, sent at %.2fs: %s", e.id, e.work.name, e.owner.owner, e.sent.Sub(l.w.began).Seconds(), strings.Join(e.history, ", "))
}

// recoveries are the times from the kill of a worker until a job that had begun before it was seen to run again.
func (l *load) measureRecoveries(kills []kill) []time.Duration {
	var times []time.Duration
	for _, e := range l.ledger.listEntries() {
		for i := 1; i < len(e.attempts); i++ {
			before, after := e.attempts[i-1], e.attempts[i]
			if before.version+1 != after.version {
				continue // something was written in between: no crash
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

// gauge reads one metric of a process that tells its metrics; -1 when it is not to be had.
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
