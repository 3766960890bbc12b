package commands_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// The whole system as a new user starts it: one process, nothing installed.
func TestAll(t *testing.T) {
	t.Parallel()
	port, data := testenv.FreePort(t), t.TempDir()
	uploads := filepath.Join(data, "uploads")
	if err := os.Mkdir(uploads, 0o750); err != nil {
		t.Fatal(err)
	}
	// A job that an earlier run did not finish; its queue was in memory and ended with it.
	const unfinished = "6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11"
	pdf, err := os.ReadFile(testkit.DocumentPath("transcripts/soen-regular"))
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := job.Ticket{ID: unfinished, Kind: job.File, Owner: "local", CreatedAt: time.Now().Add(-time.Hour)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{unfinished + ".pdf": pdf, unfinished + ".json": ticket} {
		if err := os.WriteFile(filepath.Join(uploads, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if at := time.Now().Add(-time.Hour); os.Chtimes(filepath.Join(uploads, name), at, at) != nil {
			t.Fatal("the time cannot be set")
		}
	}
	all := startRole(t, "all", port, "BACKEND_PORT="+strconv.Itoa(port), "TMD_DATA_DIR="+data, "TMD_PARSER_DEADLINE=5s")
	t.Run("a job of an earlier run is finished", func(t *testing.T) {
		var j jobStatus
		if code := all.getJSON(t, "", "/api/timeline/status/"+unfinished+"?result=false", &j); code != 200 {
			t.Errorf("%d %+v", code, j)
		}
		all.waitForState(t, "", unfinished, "done")
		testenv.Eventually(t, "its files are gone", func() bool { return countFiles(t, uploads) == 0 })
	})

	t.Run("a transcript becomes a timeline", func(t *testing.T) {
		got := all.runCommand(t, nil, "upload", "--json", testkit.DocumentPath("transcripts/soen-coop"))
		if got.code != 0 {
			t.Fatalf("%+v", got)
		}
		u := decodeUploads(t, got)[0]
		r := u.Result
		if r == nil || r.Degree.Name != "BEng in Software Engineering" || !r.IsCoop || r.Progress.Overall.CreditsRequired != 120 || r.Progress.Overall.Completed == 0 {
			t.Fatalf("%+v", r)
		}
		if cwt := r.Courses["CWT 300"].Status; cwt.Status != "completed" || cwt.Semester != "WINTER 2025" {
			t.Errorf("CWT 300 is %+v", cwt)
		}
		if first := r.Semesters[0]; first.Term != "FALL 2021" || len(first.Courses) == 0 {
			t.Errorf("the first term is %+v", first)
		}
		testenv.Eventually(t, "its files are gone", func() bool { return countFiles(t, uploads) == 0 })
	})
	t.Run("people read it", func(t *testing.T) {
		got := all.runCommand(t, nil, "upload", testkit.DocumentPath("transcripts/soen-regular"), testkit.DocumentPath("letters/coop"))
		if got.code != 0 {
			t.Fatalf("%+v", got)
		}
		for _, want := range []string{"soen-regular.pdf\n", "BEng in Software Engineering, calendar 2026-27\n", "coop.pdf\n", "Requirement ", "  All "} {
			if !strings.Contains(got.out, want) {
				t.Errorf("no %q in\n%s", want, got.out)
			}
		}
	})
	t.Run("documents that are none fail with their code", func(t *testing.T) {
		got := all.runCommand(t, nil, "upload", "--json", testkit.DocumentPath("hostile/encrypted"), testkit.DocumentPath("hostile/text"), testkit.DocumentPath("transcripts/commerce"))
		var codes []string
		for _, u := range decodeUploads(t, got) {
			if u.Error != nil {
				codes = append(codes, u.Error.Code)
			}
		}
		if got.code != 1 || strings.Join(codes, " ") != "encrypted not_a_pdf degree_not_found" {
			t.Errorf("exit code %d, %v", got.code, codes)
		}
	})
	t.Run("people and machines ask how it is", func(t *testing.T) {
		for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/api/health": 200, "/openapi.json": 200, "/": 200, "/api/degrees": 200, "/nothing": 404} {
			if got := all.ProbeStatus(path); got != want {
				t.Errorf("%s answers %d", path, got)
			}
		}
	})
	t.Run("the data folder is one process's", func(t *testing.T) {
		second := testenv.StartProcess(t, testkit.Command(t, []string{"BACKEND_PORT=0", "TMD_DATA_DIR=" + data}, "all"))
		if code := second.ExitCode(); code != 1 {
			t.Errorf("exit code %d", code)
		}
	})

	all.Signal(syscall.SIGTERM)
	if code := all.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	if all.ProbeStatus("/livez") != 0 {
		t.Error("the port is still open")
	}

	again := startRole(t, "all", port, "BACKEND_PORT="+strconv.Itoa(port), "TMD_DATA_DIR="+data)
	if got := again.runCommand(t, nil, "upload", "--json", testkit.DocumentPath("transcripts/soen-coop")); got.code != 0 {
		t.Errorf("after another start: %+v", got)
	}
}

// With a real Redis the jobs outlive the process; with tokens the API may be shared.
func TestAllOnARealRedisWithTokens(t *testing.T) {
	t.Parallel()
	redis, port := testenv.StartRedis(t), testenv.FreePort(t)
	env := []string{"BACKEND_PORT=" + strconv.Itoa(port), "TMD_DATA_DIR=" + t.TempDir(), "REDIS_JOB_URL=" + redis.URL(1), "AUTH_MODE=jwt", "JWT_SECRET=" + jwtSecret}
	all := startRole(t, "all", port, env...)
	if got := all.runCommand(t, nil, "upload", testkit.DocumentPath("transcripts/soen-coop")); got.code != 4 {
		t.Errorf("without a token: %+v", got)
	}
	token := strings.TrimSpace(all.runCommand(t, env, "token", "--sub", "alice").out)
	got := all.runCommand(t, []string{"TMD_TOKEN=" + token}, "upload", "--json", testkit.DocumentPath("transcripts/soen-coop"))
	if got.code != 0 {
		t.Fatalf("%+v", got)
	}
	all.Signal(syscall.SIGINT)
	if code := all.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGINT", code)
	}
	again := startRole(t, "all", port, env...)
	var j jobStatus
	if code := again.getJSON(t, token, "/api/timeline/status/"+decodeUploads(t, got)[0].JobID+"?result=false", &j); code != 200 || j.Status != "done" {
		t.Errorf("after another start: %d %+v", code, j)
	}
}
