package jobstore

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// recordPrefix begins the key of each record. Operators and the controller use it.
const recordPrefix = queuemodel.RecordPrefix

// The suffixes of the keys that only some jobs have.
const (
	factsSuffix   = ":facts"
	readingSuffix = ":reading"
)

func resultKey(id job.ID) string  { return recordPrefix + string(id) + ":result" }
func slimKey(id job.ID) string    { return recordPrefix + string(id) + ":slim" }
func readingKey(id job.ID) string { return recordPrefix + string(id) + readingSuffix }
func claimOfKey(id job.ID) string { return recordPrefix + string(id) + ":claim" }

// keysOf returns the keys of a job in the order in which scripts take them.
func keysOf(id job.ID) []string {
	return []string{recordPrefix + string(id), resultKey(id), slimKey(id), claimOfKey(id)}
}

// storedRecord is a record as the fields of its hash. The hash has more fields, which are read separately so that a
// poll of the status does not pay for them: input, facts (of a job that runs from them), answer (the degree that its
// owner chose for it), history, edit (the name of the last edit), owned (the key of its owner's index), content (the
// key of its content's claim), and shared (set when a second request received the job).
type storedRecord struct {
	Kind       string        `redis:"kind"`
	Owner      string        `redis:"owner"`
	Priority   string        `redis:"priority"`
	State      string        `redis:"state"`
	Attempt    number        `redis:"attempt"`
	Fence      number        `redis:"fence"`
	Version    number        `redis:"version"`
	Error      storedFailure `redis:"error"`
	RetryAt    number        `redis:"retryAt"` // this and the other times: Unix milliseconds
	CreatedAt  number        `redis:"createdAt"`
	UpdatedAt  number        `redis:"updatedAt"`
	FinishedAt number        `redis:"finishedAt"`
	Base       number        `redis:"base"`
	// Empty in records of older versions, and absent in their messages.
	AnswerUntil number `redis:"answerUntil"`
	FromFacts   number `redis:"fromFacts"`
	Trace       string `redis:"trace"`
}

// recordFields are the names of the fields of storedRecord in their order, and scanArgs the same as the arguments of a
// command whose answer is scanned.
var (
	recordFields = fieldNames(reflect.TypeFor[storedRecord]())
	scanArgs     = commandOf(recordFields)
)

func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("redis")
	}
	return names
}

func commandOf(fields []string) []any {
	args := []any{"hmget", ""}
	for _, name := range fields {
		args = append(args, name)
	}
	return args
}

// number is an integer in a hash. An empty value is 0, as when the field is missing.
type number int64

// ScanRedis reads a number.
func (n *number) ScanRedis(s string) error {
	if s == "" {
		return nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	*n = number(v)
	return err
}

// toTime reads Unix milliseconds; 0 is the zero time.
func (n number) toTime() time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n)).UTC()
}

// storedFailure is a failure as JSON in a hash.
type storedFailure struct{ *job.Failure }

// ScanRedis reads a failure.
func (f *storedFailure) ScanRedis(s string) error {
	if s == "" {
		return nil
	}
	f.Failure = new(job.Failure)
	return json.Unmarshal([]byte(s), f.Failure)
}

// decodeRecord reads a record from the values of recordFields, in their order: strings, and nil for a missing field.
// More values may follow. It returns false when there is no record. Commands, scripts and published changes share it,
// so a record is read by one rule wherever it comes from.
func decodeRecord(id job.ID, values []any) (job.Record, bool, error) {
	if len(values) < len(recordFields) {
		return job.Record{}, false, fmt.Errorf("jobstore: record of %d fields, want %d", len(values), len(recordFields))
	}
	cmd := redis.NewSliceCmd(context.Background(), scanArgs...)
	cmd.SetVal(values[:len(recordFields)])
	var s storedRecord
	if err := cmd.Scan(&s); err != nil {
		return job.Record{}, false, fmt.Errorf("jobstore: record: %w", err)
	}
	if s.State == "" {
		return job.Record{}, false, nil
	}
	return job.Record{
		ID: id, Kind: job.Kind(s.Kind), Owner: s.Owner, Priority: job.Priority(s.Priority), State: job.State(s.State),
		Attempt: int(s.Attempt), Fence: int64(s.Fence), Base: int64(s.Base), Version: int64(s.Version), Error: s.Error.Failure,
		RetryAt: s.RetryAt.toTime(), CreatedAt: s.CreatedAt.toTime(), UpdatedAt: s.UpdatedAt.toTime(),
		FinishedAt: s.FinishedAt.toTime(), AnswerUntil: s.AnswerUntil.toTime(), FromFacts: s.FromFacts != 0, Trace: s.Trace,
	}, true, nil
}

// encodeRecord returns the fields of a record as field, value, ….
func encodeRecord(r job.Record) ([]any, error) {
	failure, err := encodeFailure(r.Error)
	if err != nil {
		return nil, err
	}
	return []any{
		"kind", string(r.Kind), "owner", r.Owner, "priority", string(r.Priority), "state", string(r.State),
		"attempt", strconv.Itoa(r.Attempt), "fence", strconv.FormatInt(r.Fence, 10), "version", strconv.FormatInt(r.Version, 10),
		"error", failure, "retryAt", encodeTime(r.RetryAt), "createdAt", encodeTime(r.CreatedAt),
		"updatedAt", encodeTime(r.UpdatedAt), "finishedAt", encodeTime(r.FinishedAt), "base", strconv.FormatInt(r.Base, 10),
		"answerUntil", encodeTime(r.AnswerUntil), "fromFacts", encodeFlag(r.FromFacts), "trace", r.Trace,
	}, nil
}

// encodeFlag returns "1"; empty for false.
func encodeFlag(set bool) string {
	if set {
		return "1"
	}
	return ""
}

// encodeTime returns Unix milliseconds; empty for the zero time.
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
		return "", fault.Wrap(fault.Internal, fmt.Errorf("jobstore: failure: %w", err))
	}
	return string(b), nil
}

// incident is an entry of a history as the scripts write it.
type incident struct {
	Attempt int        `json:"attempt"`
	At      int64      `json:"at"` // Unix milliseconds
	Code    fault.Code `json:"code"`
	Worker  string     `json:"worker"`
}

func decodeHistory(s string) ([]job.Incident, error) {
	if s == "" {
		return nil, nil
	}
	var stored []incident
	if err := json.Unmarshal([]byte(s), &stored); err != nil {
		return nil, fault.Wrap(fault.Internal, fmt.Errorf("jobstore: history: %w", err))
	}
	history := make([]job.Incident, len(stored))
	for i, e := range stored {
		history[i] = job.Incident{Attempt: e.Attempt, At: time.UnixMilli(e.At).UTC(), Code: e.Code, Worker: e.Worker}
	}
	return history, nil
}
