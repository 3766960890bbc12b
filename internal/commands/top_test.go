package commands_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// runTop runs `tmd top` in a process of its own.
func (c *console) runTop(args ...string) result {
	c.t.Helper()
	cmd := testkit.Command(c.t, c.env, append([]string{"top"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code says it
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func TestTop(t *testing.T) {
	t.Parallel()
	s := newQueueFixture(t)
	s.acceptPendingJob()
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		got := s.runTop("--once")
		if got.code != 0 || strings.Contains(got.out, "\x1b") {
			t.Errorf("got %+v, want one view without control sequences", got)
		}
		for _, want := range []string{"rate: -", "courseProcessor-high", "dead: 0", "workers: none", "no job runs"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("got no %q in\n%s", want, got.out)
			}
		}
	})
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		got := s.runTop("--once", "--json")
		var o admin.Overview
		if err := json.Unmarshal([]byte(got.out), &o); err != nil || got.code != 0 || o.RemainingJobs() != 1 || o.RunningJobs == nil {
			t.Errorf("got %+v and %v, want one job", got, err)
		}
	})
	t.Run("refusals", func(t *testing.T) {
		t.Parallel()
		for want, args := range map[string][]string{"not a terminal": nil, "--interval is 1ms": {"--json", "--interval", "1ms"}} {
			if got := s.runTop(args...); got.code != 2 || !strings.Contains(got.err, want) {
				t.Errorf("%v: got %+v, want the code 2 and %q", args, got, want)
			}
		}
	})
	t.Run("no Redis", func(t *testing.T) {
		t.Parallel()
		away := console{t, []string{"REDIS_JOB_URL=redis://127.0.0.1:1/1"}}
		if got := away.runTop("--once"); got.code != 3 {
			t.Errorf("got %+v, want the code 3", got)
		}
	})
}
