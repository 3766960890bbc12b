package jobstore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// prefix begins the key of every record; operators and the controller know it.
const prefix = "job:timeline:"

// keys are a job's keys in the order of the scripts.
func keys(id job.ID) []string {
	record := prefix + string(id)
	return []string{record, record + ":result", record + ":slim", record + ":claim"}
}

// fields are a record's fields, in the order in which they are read. The input stands beside them in the hash: it is for
// the worker alone, and a status poll should not pay for it.
var fields = [...]string{
	"kind", "owner", "priority", "state", "attempt", "fence", "version",
	"error", "retryAt", "createdAt", "updatedAt", "finishedAt", "base",
}

// values returns field, value, … of a record. Times are Unix milliseconds, and empty when they are not known.
func values(r job.Record) ([]any, error) {
	failure, err := encodeFailure(r.Error)
	if err != nil {
		return nil, err
	}
	set := [len(fields)]string{
		string(r.Kind), r.Owner, string(r.Priority), string(r.State),
		strconv.Itoa(r.Attempt), strconv.FormatInt(r.Fence, 10), strconv.FormatInt(r.Version, 10),
		failure, encodeTime(r.RetryAt), encodeTime(r.CreatedAt), encodeTime(r.UpdatedAt), encodeTime(r.FinishedAt),
		strconv.FormatInt(r.Base, 10),
	}
	all := make([]any, 0, 2*len(fields))
	for i, name := range fields {
		all = append(all, name, set[i])
	}
	return all, nil
}

// decode reads a record from its fields as Redis answers them: strings, and nil for what is not there. It says no when
// there is no record.
func decode[T any](id job.ID, answer []T) (job.Record, bool, error) {
	if len(answer) < len(fields) {
		return job.Record{}, false, fmt.Errorf("jobs: record of %d fields", len(answer))
	}
	var set [len(fields)]string
	for i := range set {
		set[i], _ = any(answer[i]).(string)
	}
	if set[3] == "" {
		return job.Record{}, false, nil
	}
	d := decoder{}
	r := job.Record{
		ID: id, Kind: job.Kind(set[0]), Owner: set[1], Priority: job.Priority(set[2]), State: job.State(set[3]),
		Attempt: int(d.number(set[4])), Fence: d.number(set[5]), Version: d.number(set[6]),
		RetryAt: d.time(set[8]), CreatedAt: d.time(set[9]), UpdatedAt: d.time(set[10]), FinishedAt: d.time(set[11]),
		Base: d.number(set[12]),
	}
	if set[7] != "" {
		r.Error = new(job.Failure)
		d.keep(json.Unmarshal([]byte(set[7]), r.Error))
	}
	if d.err != nil {
		return job.Record{}, false, fmt.Errorf("jobs: record: %w", d.err)
	}
	return r, true, nil
}

// decoder remembers the first error of several fields.
type decoder struct{ err error }

func (d *decoder) keep(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) number(s string) int64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	d.keep(err)
	return n
}

func (d *decoder) time(s string) time.Time {
	if n := d.number(s); n != 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

func encodeTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func encodeFailure(f *job.Failure) (string, error) {
	if f == nil {
		return "", nil
	}
	b, err := json.Marshal(f)
	if err != nil {
		return "", fault.Wrap(fault.Internal, fmt.Errorf("jobs: failure: %w", err))
	}
	return string(b), nil
}
