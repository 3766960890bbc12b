package jobstore

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestDecodeRecord(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	whole := job.Record{
		ID: "id", Kind: job.File, Owner: "ann", Priority: job.High, State: job.Retrying, Attempt: 2, Fence: 2, Base: 1, Version: 5,
		Error: &job.Failure{Code: fault.ParserUnavailable, Message: "m"}, RetryAt: at, CreatedAt: at, UpdatedAt: at,
	}
	fields, err := encodeRecord(whole)
	if err != nil {
		t.Fatal(err)
	}
	change := func(name string, value any) []any {
		values := valuesOf(fields)
		for i, field := range recordFields {
			if field == name {
				values[i] = value
			}
		}
		return values
	}
	t.Run("a whole record", func(t *testing.T) {
		got, ok, err := decodeRecord("id", valuesOf(fields))
		if diff := cmp.Diff(whole, got); !ok || err != nil || diff != "" {
			t.Errorf("got %v, %v (-want +got):\n%s", ok, err, diff)
		}
	})
	t.Run("more values than fields", func(t *testing.T) {
		got, ok, err := decodeRecord("id", append(valuesOf(fields), "the input"))
		if diff := cmp.Diff(whole, got); !ok || err != nil || diff != "" {
			t.Errorf("got %v, %v (-want +got):\n%s", ok, err, diff)
		}
	})
	t.Run("no record", func(t *testing.T) {
		if got, ok, err := decodeRecord("id", make([]any, len(recordFields))); ok || err != nil {
			t.Errorf("got %+v, %v, %v, want no record and no error", got, ok, err)
		}
	})
	t.Run("a field that an older version did not write", func(t *testing.T) {
		got, ok, err := decodeRecord("id", change("base", nil))
		if !ok || err != nil || got.Base != 0 {
			t.Errorf("got base %d, %v, %v, want 0 of a record", got.Base, ok, err)
		}
	})
	for _, c := range []struct {
		name   string
		values []any
	}{
		{"too few values", valuesOf(fields)[1:]},
		{"a number that is none", change("fence", "x")},
		{"a failure that is no JSON", change("error", "{")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok, err := decodeRecord("id", c.values); ok || err == nil {
				t.Errorf("got %+v, %v, %v, want an error", got, ok, err)
			}
		})
	}
}

// valuesOf returns the values of field, value, ….
func valuesOf(fields []any) []any {
	var values []any
	for i := 1; i < len(fields); i += 2 {
		values = append(values, fields[i])
	}
	return values
}

// Any record in Redis is decoded or refused, and a decoded one is encoded to the same record.
func FuzzRecord(f *testing.F) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	whole, err := encodeRecord(job.Record{
		Kind: job.File, Owner: "ann", Priority: job.High, State: job.Retrying, Attempt: 2, Fence: 2, Base: 1, Version: 5,
		Error: &job.Failure{Code: "parser_unavailable", Message: "m"}, RetryAt: at, CreatedAt: at, UpdatedAt: at,
	})
	if err != nil {
		f.Fatal(err)
	}
	empty := make([]string, len(recordFields))
	for _, values := range []any{valuesOf(whole), empty, []string{}, []string{"", "", "", "done", "-1", "x"}} {
		b, err := json.Marshal(values)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(`["body","ann","","failed","0","1","2","{\"code\":7}","99999999999999999","0","",""]`)
	f.Fuzz(func(t *testing.T, payload string) {
		// In the form of a message on the channel.
		var message []string
		if json.Unmarshal([]byte(payload), &message) != nil {
			return
		}
		values := make([]any, len(message))
		for i, v := range message {
			values[i] = v
		}
		r, ok, err := decodeRecord("id", values)
		if err != nil || !ok {
			return
		}
		fields, err := encodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		again, ok, err := decodeRecord("id", valuesOf(fields))
		if err != nil || !ok {
			t.Fatalf("decoding what was encoded: got %v, %v, want a record", ok, err)
		}
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-read +written and read):\n%s", diff)
		}
	})
}
