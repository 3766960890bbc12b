package jobstore

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Whatever a record in Redis holds, it is read or refused; what is read is written the same again.
func FuzzRecord(f *testing.F) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	whole, err := values(job.Record{
		Kind: job.File, Owner: "ann", Priority: job.High, State: job.Retrying, Attempt: 2, Fence: 2, Base: 1, Version: 5,
		Error: &job.Failure{Code: "parser_unavailable", Message: "m"}, RetryAt: at, CreatedAt: at, UpdatedAt: at,
	})
	if err != nil {
		f.Fatal(err)
	}
	var set []string
	for i := 1; i < len(whole); i += 2 {
		set = append(set, whole[i].(string))
	}
	for _, answer := range [][]string{set, make([]string, len(fields)), {}, {"", "", "", "done", "-1", "x"}} {
		b, err := json.Marshal(answer)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(`["body","ann","","failed","0","1","2","{\"code\":7}","99999999999999999","0","",""]`)
	f.Fuzz(func(t *testing.T, payload string) {
		// As a message of the events' channel carries it.
		var answer []string
		if json.Unmarshal([]byte(payload), &answer) != nil {
			return
		}
		r, ok, err := decode("id", answer)
		if err != nil || !ok {
			return
		}
		again, err := values(r)
		if err != nil {
			t.Fatal(err)
		}
		set := make([]any, 0, len(fields))
		for i := 1; i < len(again); i += 2 {
			set = append(set, again[i])
		}
		back, ok, err := decode("id", set)
		if err != nil || !ok {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-read +written and read):\n%s", diff)
		}
	})
}
