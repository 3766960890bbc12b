package queuemodel

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// none stands for an empty field of an entry.
const none = "-"

// EncodeLifeEvent returns an event as an entry of the list of LifeKey, as record_life.lua writes it:
// "<Unix milliseconds> <event> <attempt> <worker> <code>", with - for a field that is empty.
func EncodeLifeEvent(e job.LifeEvent) string {
	return strings.Join([]string{
		strconv.FormatInt(e.At.UnixMilli(), 10), string(e.What), strconv.Itoa(max(e.Attempt, e.Omitted)),
		cmp.Or(e.Worker, none), cmp.Or(string(e.Code), none),
	}, " ")
}

// DecodeLifeEvent reads an entry, and reports false for one that has another form. In place of the attempt, the event
// omitted has the number of events.
func DecodeLifeEvent(entry string) (job.LifeEvent, bool) {
	fields := strings.Split(entry, " ")
	if len(fields) != 5 || fields[1] == "" {
		return job.LifeEvent{}, false
	}
	ms, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return job.LifeEvent{}, false
	}
	n, err := strconv.Atoi(fields[2])
	if err != nil || n < 0 {
		return job.LifeEvent{}, false
	}
	e := job.LifeEvent{At: time.UnixMilli(ms).UTC(), What: job.Milestone(fields[1]), Attempt: n}
	if e.What == job.MilestoneOmitted {
		e.Attempt, e.Omitted = 0, n
	}
	if fields[3] != none {
		e.Worker = fields[3]
	}
	if fields[4] != none {
		e.Code = fault.Code(fields[4])
	}
	return e, true
}
