package jobstore_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// model implements the store's behaviour in a few lines of Go.
type model struct {
	exists bool
	r      job.Record
	packed string // the full result
	// dead is the copy of the job that failed, nil for none.
	dead *job.Record
}

func (m *model) change(now time.Time) {
	m.r.Version++
	m.r.UpdatedAt = now
}

// move does what a write with a fence does.
func (m *model) move(fence int64, next job.State, now time.Time) (changed, superseded bool) {
	switch {
	case !m.exists || fence != m.r.Fence:
		return false, true
	case m.r.State == next: // the same write again
		return false, false
	case !m.r.State.CanBecome(next):
		return false, true
	}
	m.r.State, m.r.Error, m.r.RetryAt = next, nil, time.Time{}
	if next.IsFinal() {
		m.r.FinishedAt = now
	}
	m.change(now)
	return true, false
}

// For any order of calls by workers, editors and owners, the store behaves as the model. Above all, no write with an
// older fence changes anything.
func TestTheStoreDoesWhatTheModelDoes(t *testing.T) {
	onEachRedis(t, func(t *testing.T, e *env) {
		why := *job.FailureOf(fault.New(fault.Timeout))
		rapid.Check(t, func(rt *rapid.T) {
			ctx := t.Context()
			id := newID()
			owners := []string{"o " + string(id), "p " + string(id)}
			m := &model{}
			check := func(op string, err error, superseded bool) {
				if superseded != errors.Is(err, job.ErrSuperseded) || !superseded && err != nil {
					rt.Fatalf("%s: %v; want superseded: %v", op, err, superseded)
				}
			}
			// Any fence that was ever returned, and some that were not.
			fence := func(rt *rapid.T) int64 { return rapid.Int64Range(m.r.Fence-2, m.r.Fence+1).Draw(rt, "fence") }
			packed := func(rt *rapid.T) string { return rapid.StringN(0, 4, -1).Draw(rt, "result") }
			rt.Repeat(map[string]func(*rapid.T){
				"create": func(rt *rapid.T) {
					if m.exists {
						rt.Skip("there is one")
					}
					now := e.clock.Now()
					*m = model{exists: true, dead: m.dead, r: job.Record{
						ID: id, Kind: job.File, Owner: owners[0], State: job.Queued, Version: 1, CreatedAt: now, UpdatedAt: now,
					}}
					check("create", e.createRecord(ctx, m.r, nil), false)
				},
				"restore": func(rt *rapid.T) {
					now := e.clock.Now()
					owner := rapid.SampledFrom(owners).Draw(rt, "owner")
					made, err := e.RestoreRecord(ctx, job.Ticket{ID: id, Kind: job.File, Owner: owner, CreatedAt: now})
					check("restore", err, false)
					if made == m.exists {
						rt.Fatalf("restored %v, exists %v", made, m.exists)
					}
					if made {
						*m = model{exists: true, dead: m.dead, r: job.Record{
							ID: id, Kind: job.File, Owner: owner, State: job.Queued, Version: 1, Fence: now.UnixMilli(), Base: now.UnixMilli(), CreatedAt: now, UpdatedAt: now,
						}}
					}
				},
				"lose": func(rt *rapid.T) {
					e.redis.Del(ctx, "job:timeline:"+string(id))
					check("forget", e.DeleteFromIndexes(ctx, id), false)
					m.exists = false
				},
				"forget": func(rt *rapid.T) {
					check("forget", e.DeleteFromIndexes(ctx, id), false) // nothing, while it is open
				},
				"withdraw": func(rt *rapid.T) {
					found, err := e.WithdrawJob(ctx, id)
					if kept := m.exists && m.r.Version > 1; kept != (fault.CodeOf(err) == fault.Conflict) || found != m.exists {
						rt.Fatalf("withdraw: %v, %v; exists %v, version %d", found, err, m.exists, m.r.Version)
					}
					m.exists = m.exists && m.r.Version > 1
				},
				"begin": func(rt *rapid.T) {
					attempt := rapid.IntRange(1, 4).Draw(rt, "attempt")
					_, _, err := e.BeginAttempt(ctx, id, attempt)
					if !m.exists {
						if fault.CodeOf(err) != fault.JobNotFound {
							rt.Fatalf("begin of nothing: %v", err)
						}
						return
					}
					check("begin", err, false)
					if m.r.State.CanBecome(job.Processing) {
						m.r.State, m.r.Attempt, m.r.Error, m.r.RetryAt = job.Processing, attempt, nil, time.Time{}
						m.r.Fence++
						m.change(e.clock.Now())
					}
				},
				"finish": func(rt *rapid.T) {
					f, p := fence(rt), packed(rt)
					changed, superseded := m.move(f, job.Done, e.clock.Now())
					if changed {
						m.packed = p
					}
					check("finish", e.CompleteJob(ctx, id, f, job.Stored{Full: []byte(p), Slim: []byte("s")}), superseded)
				},
				"retry": func(rt *rapid.T) {
					f, at := fence(rt), e.clock.Now().Add(2*time.Second)
					changed, superseded := m.move(f, job.Retrying, e.clock.Now())
					if changed {
						m.r.Error, m.r.RetryAt = &why, at
					}
					check("retry", e.ScheduleRetry(ctx, id, f, why, at), superseded)
				},
				"fail": func(rt *rapid.T) {
					f := fence(rt)
					changed, superseded := m.move(f, job.Failed, e.clock.Now())
					if changed {
						m.r.Error = &why
						dead := m.r
						m.dead = &dead
					}
					check("fail", e.FailJob(ctx, id, f, why), superseded)
				},
				"revive": func(rt *rapid.T) {
					d, err := e.LoadDead(ctx, id)
					if m.dead == nil {
						if fault.CodeOf(err) != fault.JobNotFound {
							rt.Fatalf("dead: %v", err)
						}
						return
					}
					check("dead", err, false)
					_, err = e.RetryDead(ctx, d)
					if m.exists && m.r.State != job.Failed {
						if fault.CodeOf(err) != fault.Conflict {
							rt.Fatalf("revive with a record that is %s: %v", m.r.State, err)
						}
						return
					}
					check("revive", err, false)
					now, was := e.clock.Now(), m.dead
					*m = model{exists: true, r: job.Record{
						ID: id, Kind: was.Kind, Owner: was.Owner, State: job.Queued, Version: was.Version + 1,
						Fence: was.Fence + 1, Base: was.Fence + 1, CreatedAt: now, UpdatedAt: now,
					}}
				},
				"requeue": func(rt *rapid.T) {
					f := fence(rt)
					_, superseded := m.move(f, job.Queued, e.clock.Now())
					check("requeue", e.RequeueJob(ctx, id, f), superseded)
				},
				"replace": func(rt *rapid.T) {
					version, p := rapid.Int64Range(m.r.Version-1, m.r.Version).Draw(rt, "version"), packed(rt)
					_, err := e.ReplaceResult(ctx, id, version, job.Stored{Full: []byte(p), Slim: []byte("s")})
					want := fault.Code("")
					switch {
					case !m.exists:
						want = fault.JobNotFound
					case m.r.State != job.Done:
						want = fault.Conflict
					case version != m.r.Version:
						want = fault.PreconditionFailed
					default:
						m.packed = p
						m.change(e.clock.Now())
					}
					if got := fault.CodeOf(err); got != want {
						rt.Fatalf("replace: %q, want %q", got, want)
					}
				},
				"delete": func(rt *rapid.T) {
					check("delete", e.DeleteJob(ctx, id), false)
					m.exists, m.dead = false, nil
				},
				"time passes": func(rt *rapid.T) {
					e.clock.Advance(time.Duration(rapid.IntRange(1, 5000).Draw(rt, "ms")) * time.Millisecond)
				},
				"": func(rt *rapid.T) {
					if ids, err := e.ListDead(ctx); err != nil || slices.Contains(ids, id) != (m.dead != nil) {
						rt.Fatalf("dead: %v, %v, want %v", ids, err, m.dead != nil)
					}
					open := slices.Contains(e.listOpen(t), id)
					if want := m.exists && !m.r.State.IsFinal(); open != want {
						rt.Fatalf("in the index: %v, want %v", open, want)
					}
					// With a limit of one, an owner has room who has no open job.
					for _, owner := range owners {
						full := fault.CodeOf(e.CheckQuota(ctx, owner, 1)) == fault.TooManyJobs
						if want := m.exists && !m.r.State.IsFinal() && m.r.Owner == owner; full != want {
							rt.Fatalf("no room for %s: %v, want %v", owner, full, want)
						}
					}
					r, b, err := e.LoadResult(ctx, id)
					if !m.exists {
						if fault.CodeOf(err) != fault.JobNotFound {
							rt.Fatalf("a deleted job: %+v, %v", r, err)
						}
						return
					}
					if err != nil {
						rt.Fatal(err)
					}
					if diff := cmp.Diff(m.r, r); diff != "" {
						rt.Fatalf("record (-model +store):\n%s", diff)
					}
					if r.State == job.Done && string(b) != m.packed {
						rt.Fatalf("result %q, want %q", b, m.packed)
					}
				},
			})
		})
	})
}
