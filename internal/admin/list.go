package admin

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// The size of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// batch is the number of records that one round trip reads.
const batch = 500

// Filter selects jobs. An empty field matches every job.
type Filter struct {
	States []State
	Queue  string
	Kind   job.Kind
	Code   fault.Code // of the last fault
	// OlderThan and NewerThan bound the time since the job was accepted or, if dead, failed. 0 sets no bound.
	OlderThan, NewerThan time.Duration
}

// Validate returns bad_request for a filter that is invalid.
func (f Filter) Validate() error {
	var fields []fault.Field
	bad := func(name, sentence string) { fields = append(fields, fault.Field{Path: name, Message: sentence}) }
	for _, s := range f.States {
		if !slices.Contains(AllStates(), s) {
			bad("state", "The state is one of pending, active, retry, scheduled and dead.")
			break
		}
	}
	switch f.Kind {
	case "", job.File, job.Form, job.TimelineData, job.Plan:
	default:
		bad("kind", "The kind is one of file, body, timelineData and plan.")
	}
	if f.Code != "" && !f.Code.IsKnown() {
		bad("code", "There is no such code of a fault.")
	}
	if f.OlderThan < 0 {
		bad("olderThan", "Give a duration above 0, such as 90m or 36h.")
	}
	if f.NewerThan < 0 || f.NewerThan > 0 && f.NewerThan <= f.OlderThan {
		bad("newerThan", "Give a duration above 0 and above olderThan, such as 90m or 36h.")
	}
	if len(fields) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.BadRequest, Detail: "The filter cannot be understood. Correct the fields that are listed.", Fields: fields}
}

func (f Filter) wantsState(s State) bool { return len(f.States) == 0 || slices.Contains(f.States, s) }

// matchesJob reports whether a job matches all fields other than state and queue.
func (f Filter) matchesJob(j Job, now time.Time) bool {
	age := now.Sub(j.Since)
	return (f.Kind == "" || j.Kind == f.Kind) && (f.Code == "" || j.Code == f.Code) &&
		(f.OlderThan == 0 || age >= f.OlderThan) && (f.NewerThan == 0 || age < f.NewerThan)
}

// Page selects a part of a list. Limit 0 means DefaultLimit. Cursor is the Next of the previous page.
type Page struct {
	Limit  int
	Cursor string
}

// ListJobs returns the matching jobs, sorted by the time at which they were accepted (dead: failed), and the cursor of
// the next page, "" at the end. A cursor is a position in that order, so jobs that come and go do not shift the next
// page. A job that changes its state during ListJobs may be missing, and is never listed twice.
func (o *Service) ListJobs(ctx context.Context, f Filter, p Page) ([]Job, string, error) {
	if err := f.Validate(); err != nil {
		return nil, "", err
	}
	if f.Queue != "" {
		if _, err := o.ResolveQueues([]string{f.Queue}); err != nil {
			return nil, "", err
		}
	}
	p.Limit = cmp.Or(p.Limit, DefaultLimit)
	if p.Limit < 1 || p.Limit > MaxLimit {
		return nil, "", fault.WithDetail(fault.BadRequest, fmt.Sprintf("The limit is a number from 1 to %d.", MaxLimit))
	}
	after, err := decodeCursor(p.Cursor)
	if err != nil {
		return nil, "", err
	}
	found, err := o.listMatching(ctx, f)
	if err != nil {
		return nil, "", err
	}
	now := o.deps.Clock()
	found = slices.DeleteFunc(found, func(j Job) bool { return !f.matchesJob(j, now) || p.Cursor != "" && !after.isBefore(j) })
	slices.SortFunc(found, func(a, b Job) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	if len(found) <= p.Limit {
		return found, "", nil
	}
	found = found[:p.Limit]
	return found, encodeCursor(found[p.Limit-1]), nil
}

// listMatching returns the jobs of the states and the queue of a filter, each once.
func (o *Service) listMatching(ctx context.Context, f Filter) ([]Job, error) {
	jobs := map[job.ID]Job{}
	if f.wantsState(Dead) {
		if err := o.addDead(ctx, f, jobs); err != nil {
			return nil, err
		}
	}
	if err := o.addLive(ctx, f, jobs); err != nil {
		return nil, err
	}
	list := make([]Job, 0, len(jobs))
	for _, j := range jobs {
		list = append(list, j)
	}
	return list, nil
}

func (o *Service) addDead(ctx context.Context, f Filter, into map[job.ID]Job) error {
	ids, err := o.deps.Jobs.ListDead(ctx)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	for some := range slices.Chunk(ids, batch) {
		records, err := o.deps.Jobs.LoadDeadRecords(ctx, some)
		if err != nil {
			return fmt.Errorf("admin: %w", err)
		}
		for id, r := range records {
			j := toJob(r)
			j.State, j.Queue, j.Since = Dead, o.deps.Queue.QueueOf(r.Kind, r.Priority), r.FinishedAt
			if f.Queue == "" || f.Queue == j.Queue {
				into[id] = j
			}
		}
	}
	return nil
}

func (o *Service) addLive(ctx context.Context, f Filter, into map[job.ID]Job) error {
	var tasks []Task
	for _, queue := range o.deps.Queue.QueueNames() {
		for _, s := range AllStates() {
			if s == Dead || !f.wantsState(s) || f.Queue != "" && f.Queue != queue {
				continue
			}
			some, err := o.deps.Queue.ListTasks(ctx, queue, s)
			if err != nil {
				return fmt.Errorf("admin: %w", err)
			}
			tasks = append(tasks, some...)
		}
	}
	hosts := map[job.ID]string{}
	if slices.ContainsFunc(tasks, func(t Task) bool { return t.State == Active }) {
		var err error
		if hosts, err = o.findHosts(ctx); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(tasks, batch) {
		ids := make([]job.ID, len(some))
		for i, t := range some {
			ids[i] = t.ID
		}
		records, err := o.deps.Jobs.LoadRecords(ctx, ids)
		if err != nil {
			return fmt.Errorf("admin: %w", err)
		}
		for _, t := range some {
			j := toJob(records[t.ID])
			j.ID, j.State, j.Queue, j.Due = t.ID, t.State, t.Queue, t.Due
			if t.State == Active {
				j.Worker = hosts[t.ID]
			}
			into[t.ID] = j
		}
	}
	return nil
}

// listPosition is a position in the order of lists, in the resolution of records.
type listPosition struct {
	ms int64
	id job.ID
}

func positionOf(j Job) listPosition {
	if j.Since.IsZero() {
		return listPosition{0, j.ID}
	}
	return listPosition{j.Since.UnixMilli(), j.ID}
}

func (s listPosition) isBefore(j Job) bool {
	at := positionOf(j)
	return cmp.Or(cmp.Compare(s.ms, at.ms), cmp.Compare(s.id, at.id)) < 0
}

func encodeCursor(j Job) string {
	s := positionOf(j)
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(s.ms, 10) + " " + string(s.id)))
}

func decodeCursor(cursor string) (listPosition, error) {
	if cursor == "" {
		return listPosition{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	ms, id, ok := strings.Cut(string(b), " ")
	n, numberErr := strconv.ParseInt(ms, 10, 64)
	if err := errors.Join(err, numberErr); err != nil || !ok {
		return listPosition{}, &fault.Error{Code: fault.BadRequest, Detail: "The cursor is not one that a list gave. Begin without it.", Cause: err}
	}
	return listPosition{n, job.ID(id)}, nil
}
