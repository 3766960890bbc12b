package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

func TestDecodeSaveRequest(t *testing.T) {
	t.Parallel()
	name, id := "mine", "x"
	for body, want := range map[string]wire.SaveRequest{
		`{}`:                                  {},
		`{"timelineName":null,"jobId":null}`:  {},
		`{"timelineName":"mine","jobId":"x"}`: {Name: &name, JobID: &id},
	} {
		got, err := wire.DecodeSaveRequest(strings.NewReader(body))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
	for body, want := range map[string]string{
		`{"timelineName":1}`: "timelineName", `{"jobId":["x"]}`: "jobId", `{"jobid":"x"}`: "jobid", `{"userId":"bob"}`: "userId",
		`{"jobId":"x","jobId":"y"}`: "jobId",
	} {
		_, err := wire.DecodeSaveRequest(strings.NewReader(body))
		if f := fault.From(err); f.Code != fault.InvalidForm || len(f.Fields) != 1 || f.Fields[0].Path != want {
			t.Errorf("%s: %v %v", body, err, f.Fields)
		}
	}
}

// Any save request, with any name.
func FuzzDecodeSaveRequest(f *testing.F) {
	for _, s := range []string{`{}`, `{"timelineName": "Plan", "jobId": "0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"}`, `{"timelineName": null, "jobId": 7}`, `[]`, `{"timelineName": "\ud800\n"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := wire.DecodeSaveRequest(strings.NewReader(string(b)))
		if c := fault.CodeOf(err); err != nil && c != fault.BadRequest && c != fault.InvalidForm {
			t.Errorf("%v", err)
		}
	})
}
