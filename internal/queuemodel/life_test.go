package queuemodel_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

func TestLifeEventsAreDecodedAsEncoded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 10, 0, 0, 123e6, time.UTC)
	for name, e := range map[string]job.LifeEvent{
		"bare":    {At: at, What: job.MilestoneQueued},
		"full":    {At: at, What: job.MilestoneRetrying, Attempt: 2, Worker: "worker-7f-x", Code: fault.Timeout},
		"omitted": {At: at, What: job.MilestoneOmitted, Omitted: 17},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := queuemodel.DecodeLifeEvent(queuemodel.EncodeLifeEvent(e))
			if diff := cmp.Diff(e, got); !ok || diff != "" {
				t.Errorf("decoded: %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestLuaAndGoKeepAsManyLifeEvents(t *testing.T) {
	t.Parallel()
	if want := "local MAX_LIFE, FIRST_LIFE = " + strconv.Itoa(job.MaxLifeEvents) + ", "; !strings.Contains(queuemodel.RecordLifeLua, want) {
		t.Errorf("record_life.lua has no line that begins with %q", want)
	}
}

func FuzzDecodeLifeEvent(f *testing.F) {
	f.Add("1764408879123 started 1 worker-1 -")
	f.Add("1764408879123 omitted 12 - -")
	f.Add("- - - - -")
	f.Fuzz(func(t *testing.T, entry string) {
		e, ok := queuemodel.DecodeLifeEvent(entry)
		if !ok {
			return
		}
		again, ok := queuemodel.DecodeLifeEvent(queuemodel.EncodeLifeEvent(e))
		if diff := cmp.Diff(e, again); !ok || diff != "" {
			t.Errorf("%q: decoded again: %v (-want +got):\n%s", entry, ok, diff)
		}
	})
}
