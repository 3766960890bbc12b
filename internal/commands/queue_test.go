package commands_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// console runs `tmd queue` in its own processes, because go-redis has one logger for a process.
type console struct {
	t   *testing.T
	env []string
}

func (c *console) runQueue(args ...string) result {
	c.t.Helper()
	cmd := testkit.Command(c.t, c.env, append([]string{"queue"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// requireOutput runs a command that ends with a code, and whose output contains all the parts.
func (c *console) requireOutput(code int, args []string, parts ...string) result {
	c.t.Helper()
	got := c.runQueue(args...)
	if got.code != code {
		c.t.Fatalf("%v: %+v", args, got)
	}
	for _, part := range parts {
		if !strings.Contains(got.out+got.err, part) {
			c.t.Errorf("%v does not say %q: %+v", args, part, got)
		}
	}
	return got
}

func (c *console) decodeOutput(into any, args ...string) {
	c.t.Helper()
	got := c.requireOutput(0, append(args, "--json"))
	if err := json.Unmarshal([]byte(got.out), into); err != nil {
		c.t.Fatalf("%v: %v in %s", args, err, got.out)
	}
}

// queueFixture is a Redis with jobs in it, and no worker.
type queueFixture struct {
	console
	records *jobstore.Store
	tasks   *queuetest.Queue
	files   *filestore.Store
}

func newQueueFixture(t *testing.T) *queueFixture {
	t.Helper()
	redis, dir := testenv.StartRedis(t), t.TempDir()
	client, err := redisurl.Open(redis.URL(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	files, err := filestore.New(filestore.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return &queueFixture{
		console: console{t, []string{"REDIS_JOB_URL=" + redis.URL(1), "TMD_UPLOAD_DIR=" + dir}},
		records: testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Host: "worker-7"})),
		tasks:   queuetest.NewQueue(t, client),
		files:   files,
	}
}

func (s *queueFixture) requireNoError(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// acceptPendingJob accepts a form.
func (s *queueFixture) acceptPendingJob() job.ID {
	s.t.Helper()
	now := time.Now().UTC()
	r := job.Record{ID: job.ID(uuid.NewString()), Kind: job.Form, Owner: "the-owner", State: job.Queued, CreatedAt: now, UpdatedAt: now}
	_, err := s.records.AdmitJob(s.t.Context(), r, []byte(`{}`), submit.AdmissionPolicy{})
	s.requireNoError(err)
	s.requireNoError(s.tasks.Enqueue(s.t.Context(), job.Task{ID: r.ID, Kind: r.Kind}))
	return r.ID
}

// acceptDeadJob accepts a job that has failed: a form, or a document that was not kept.
func (s *queueFixture) acceptDeadJob(kind job.Kind, code fault.Code) job.ID {
	s.t.Helper()
	ctx, now := s.t.Context(), time.Now().UTC()
	r := job.Record{ID: job.ID(uuid.NewString()), Kind: kind, Owner: "the-owner", State: job.Queued, CreatedAt: now, UpdatedAt: now}
	var input []byte
	if kind != job.File {
		input = []byte(`{}`)
	}
	_, err := s.records.AdmitJob(ctx, r, input, submit.AdmissionPolicy{})
	s.requireNoError(err)
	begun, _, err := s.records.BeginAttempt(ctx, r.ID, 1)
	s.requireNoError(err)
	s.requireNoError(s.records.FailJob(ctx, r.ID, begun.Fence, job.Failure{Code: code, Message: code.DefaultMessage()}))
	return r.ID
}

func TestQueueTool(t *testing.T) {
	t.Parallel()
	s := newQueueFixture(t)
	s.requireOutput(0, []string{"list"}, "no job fits")
	s.requireOutput(0, []string{"stats"}, "courseProcessor-high", "dead: 0", "intake: open", "workers: none")
	waiting, form, lost := s.acceptPendingJob(), s.acceptDeadJob(job.Form, fault.Internal), s.acceptDeadJob(job.File, fault.TooComplex)

	t.Run("list", func(t *testing.T) {
		got := s.requireOutput(0, []string{"list"}, string(waiting), string(form), string(lost), "too_complex", "pending", "dead")
		if strings.Contains(got.out, "the-owner") {
			t.Error("a list reveals the owners of the jobs")
		}
		s.requireOutput(0, []string{"list", "--state", "pending,retry", "--kind", "body", "--queue", "courseProcessor", "--newer-than", "1h"}, string(waiting))
		s.requireOutput(0, []string{"list", "--older-than", "1h"}, "no job fits")
		var page struct {
			Jobs []struct{ JobID, State, Code string }
			Next string
		}
		s.decodeOutput(&page, "list", "--limit", "1")
		if len(page.Jobs) != 1 || page.Jobs[0].JobID != string(waiting) || page.Next == "" {
			t.Errorf("%+v", page)
		}
		// The two may have failed in the same millisecond.
		codes := map[string]string{}
		for range 2 {
			s.decodeOutput(&page, "list", "--limit", "1", "--cursor", page.Next)
			if len(page.Jobs) != 1 {
				t.Fatalf("%+v", page)
			}
			codes[page.Jobs[0].JobID] = page.Jobs[0].Code
		}
		if codes[string(form)] != "internal" || codes[string(lost)] != "too_complex" {
			t.Errorf("%v", codes)
		}
		s.requireOutput(0, []string{"list", "--limit", "1"}, "--cursor")
		for _, wrong := range [][]string{{"--state", "lost"}, {"--kind", "x"}, {"--code", "x"}, {"--limit", "0x"}, {"--limit", "2000"}, {"--queue", "x"}, {"--cursor", "?"}, {"more"}} {
			s.requireOutput(2, append([]string{"list"}, wrong...), "tmd: ")
		}
	})
	t.Run("show", func(t *testing.T) {
		s.requireOutput(0, []string{"show", string(form)}, "the-owner", "worker-7", "internal", "kept until", fault.Internal.DefaultMessage())
		s.requireOutput(0, []string{"show", string(lost)}, "gone: it cannot be run again")
		var d struct {
			Owner, State, Status string
			DocumentKept         *bool
			History              []job.Incident
		}
		s.decodeOutput(&d, "show", string(lost))
		if d.Owner != "the-owner" || d.State != "dead" || d.Status != "failed" || d.DocumentKept == nil || *d.DocumentKept || len(d.History) != 1 {
			t.Errorf("%+v", d)
		}
		s.requireOutput(1, []string{"show", uuid.NewString()}, "There is no such job")
		s.requireOutput(2, []string{"show"}, "usage: tmd queue show ID")
		// Without the upload folder the rest is still shown.
		away := console{t, append([]string{}, s.env[0], "TMD_UPLOAD_DIR=/nowhere/at/all")}
		if got := away.requireOutput(0, []string{"show", string(lost)}, "the-owner"); strings.Contains(got.out, "document") {
			t.Errorf("%s", got.out)
		}
		away.requireOutput(2, []string{"retry", string(lost)}, "TMD_UPLOAD_DIR", "run this where a worker runs")
	})
	t.Run("retry", func(t *testing.T) {
		for _, wrong := range [][]string{{}, {string(form), "--all"}, {string(form), "--state", "dead"}, {"--state", "lost"}} {
			s.requireOutput(2, append([]string{"retry"}, wrong...), "tmd: ")
		}
		s.requireOutput(1, []string{"retry", "--all", "--dry-run"}, string(form), "would be retried: 1 job", string(lost)+": The document of the job was not kept")
		s.requireOutput(1, []string{"retry", string(form), string(lost), "--dry-run"}, "would be retried: 1 job", string(lost)+": The document")
		s.requireOutput(0, []string{"list", "--state", "dead"}, string(form), string(lost)) // nothing was changed
		var r struct {
			DryRun bool
			Jobs   []struct{ JobID string }
			Failed []struct{ JobID, Reason string }
		}
		got := s.requireOutput(1, []string{"retry", "--all", "--json"})
		if err := json.Unmarshal([]byte(got.out), &r); err != nil || r.DryRun || len(r.Jobs) != 1 || len(r.Failed) != 1 || r.Failed[0].Reason != "conflict" {
			t.Errorf("%v, %+v", err, r)
		}
		s.requireOutput(0, []string{"list", "--state", "pending"}, string(waiting), string(form))
		s.requireOutput(1, []string{"retry", string(form)}, "waiting for a worker already")
	})
	t.Run("delete", func(t *testing.T) {
		s.requireOutput(0, []string{"delete", "--state", "dead,pending", "--dry-run"}, "would be deleted: 3 jobs")
		s.requireOutput(2, []string{"delete", "--state", "dead"}, "--yes")
		s.requireOutput(0, []string{"list", "--state", "dead"}, string(lost))
		s.requireOutput(0, []string{"delete", "--code", "too_complex", "--yes"}, "deleted: 1 job")
		s.requireOutput(0, []string{"delete", "--code", "too_complex"}, "deleted: 0 jobs") // no confirmation is needed
		s.requireOutput(0, []string{"delete", string(form)}, "deleted: 1 job")
		s.requireOutput(1, []string{"delete", string(form)}, "There is no such job")
		s.requireOutput(0, []string{"delete", "--state", "pending", "--yes"}, "deleted: 1 job")
		s.requireOutput(0, []string{"list"}, "no job fits")
	})
	t.Run("pause and resume", func(t *testing.T) {
		s.requireOutput(0, []string{"pause", "--dry-run"}, "would be paused: courseProcessor-high, courseProcessor, courseProcessor-low, courseProcessor-plan")
		s.requireOutput(0, []string{"pause", "courseProcessor-low"}, "paused: courseProcessor-low")
		var stats admin.Stats
		s.decodeOutput(&stats, "stats")
		if stats.Queues[0].Paused || !stats.Queues[2].Paused {
			t.Errorf("%+v", stats)
		}
		s.requireOutput(0, []string{"stats"}, "paused")
		s.requireOutput(2, []string{"pause", "x"}, "The queues are courseProcessor-high")
		s.requireOutput(0, []string{"resume", "courseProcessor-low", "--dry-run"}, "would be resumed")
		s.requireOutput(0, []string{"resume", "courseProcessor-low"}, "resumed: courseProcessor-low")
	})
	t.Run("drain", func(t *testing.T) {
		s.requireOutput(0, []string{"drain", "--dry-run"}, "0 jobs left")
		if s.tasks.IsIntakePaused(t.Context()) {
			t.Error("a dry run stopped the intake")
		}
		held := s.acceptPendingJob()
		s.requireOutput(1, []string{"drain", "--timeout", "1s"}, "1 job left: 1 pending", "no worker is there", "work is left after 1s", "stays stopped")
		s.requireOutput(0, []string{"stats"}, "intake: stopped")
		s.requireOutput(0, []string{"drain", "--timeout", "0"})
		s.requireOutput(0, []string{"delete", string(held)})
		s.requireOutput(0, []string{"drain"}, "the queues are empty")
		s.requireOutput(2, []string{"drain", "--timeout", "-1s"}, "--timeout")
		s.requireOutput(0, []string{"resume", "--dry-run"}, "would be open again")
		s.requireOutput(0, []string{"stats"}, "intake: stopped")
		s.requireOutput(0, []string{"resume"}, "open: the intake")
		s.requireOutput(0, []string{"stats"}, "intake: open")
	})
}

// Without Redis each command reports that in one line, with its exit code.
func TestQueueToolWithoutRedis(t *testing.T) {
	t.Parallel()
	c := console{t, []string{"REDIS_JOB_URL=redis://:hunter2@127.0.0.1:1/1", "TMD_UPLOAD_DIR=" + t.TempDir()}}
	for _, args := range [][]string{{"list"}, {"show", "x"}, {"retry", "x"}, {"delete", "--all", "--yes"}, {"pause"}, {"resume"}, {"drain"}, {"stats"}} {
		got := c.requireOutput(3, args, "there is no Redis at")
		if strings.Contains(got.out+got.err, "hunter2") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%v: %+v", args, got)
		}
	}
	none := console{t, nil}
	none.requireOutput(2, []string{"list"}, "REDIS_JOB_URL is missing")
}

// A job fails, is dead, is retried and done. Then the system is drained with a job in flight. All of it runs in real
// processes, through the command and the admin API.
func TestOperators(t *testing.T) {
	t.Parallel()
	redis, mongo, dir := testenv.StartRedis(t), testenv.NewMongoDatabase(t), t.TempDir()
	env := []string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(redis.Port), "MONGODB_URI=" + mongo, "JWT_SECRET=" + jwtSecret,
		"TMD_UPLOAD_DIR=" + dir, "NODE_ENV=test", "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0",
	}
	if got := noServer().runCommand(t, env, "seed"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	parserPort, workerPort, apiPort := testenv.FreePort(t), testenv.FreePort(t), testenv.FreePort(t)
	parser := startRole(t, "parser", parserPort, "TMD_PARSER_PORT="+strconv.Itoa(parserPort), "TMD_PARSER_DEADLINE=5s")
	way := newParserLink(t, parser.Base)
	startRole(t, "worker", workerPort, append([]string{
		"TMD_WORKER_HEALTH_ADDR=127.0.0.1:" + strconv.Itoa(workerPort), "PYTHON_UTILS_URL=" + way.URL,
		"TMD_KEEP_FAILED_UPLOADS=true", "TMD_OUTAGE_PATIENCE=1s",
	}, env...)...)
	api := startRole(t, "api", apiPort, append([]string{"BACKEND_PORT=" + strconv.Itoa(apiPort)}, env...)...)
	token := func(sub string, roles ...string) string {
		args := []string{"token", "--sub", sub}
		for _, r := range roles {
			args = append(args, "--role", r)
		}
		made := api.runCommand(t, env, args...)
		if made.code != 0 {
			t.Fatalf("%+v", made)
		}
		return strings.TrimSpace(made.out)
	}
	alice, opal := token("alice"), token("opal", "admin")
	c := console{t, env}
	admin := func(method, path string) int {
		return api.sendRequest(t, opal, apiclient.Request{Method: method, Path: "/api/admin" + path}).StatusCode
	}

	way.setBroken(true)
	first := api.submitDocument(t, alice, testkit.DocumentPath("transcripts/soen-regular")).JobID
	second := api.submitDocument(t, alice, testkit.DocumentPath("transcripts/soen-coop")).JobID
	api.waitForState(t, alice, first, "failed")
	api.waitForState(t, alice, second, "failed")
	c.requireOutput(0, []string{"list", "--state", "dead", "--code", "parser_unavailable"}, first, second)
	testenv.Eventually(t, "the documents are kept", func() bool {
		return strings.Contains(c.runQueue("show", first).out+c.runQueue("show", second).out, "it can be run again") && countFiles(t, dir) == 2
	})
	way.setBroken(false)
	c.requireOutput(0, []string{"retry", first}, "retried: 1 job")
	if code := admin(http.MethodPost, "/jobs/"+second+"/retry"); code != http.StatusNoContent {
		t.Errorf("retry by the API: %d", code)
	}
	for _, id := range []string{first, second} {
		api.waitForState(t, alice, id, "done")
	}
	testenv.Eventually(t, "the documents are gone", func() bool { return countFiles(t, dir) == 0 })

	release := way.holdCalls()
	defer release()
	running := api.submitDocument(t, alice, testkit.DocumentPath("transcripts/soen-regular")).JobID
	<-way.waiting
	drain := testenv.StartProcess(t, testkit.Command(t, env, "queue", "drain", "--timeout", "1m"))
	noPDF := filepath.Join(t.TempDir(), "no.pdf") // it never becomes a job
	if err := os.WriteFile(noPDF, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "new work is refused", func() bool {
		code, after := api.offerDocument(t, alice, noPDF)
		return code == http.StatusServiceUnavailable && after != ""
	})
	select {
	case <-drain.Done():
		t.Error("drained with a job in flight")
	default:
	}
	release()
	api.waitForState(t, alice, running, "done")
	if code := drain.ExitCode(); code != 0 {
		t.Errorf("drain ends with %d", code)
	}
	c.requireOutput(0, []string{"stats"}, "intake: stopped")
	if code := admin(http.MethodDelete, "/drain"); code != http.StatusNoContent {
		t.Errorf("undrain by the API: %d", code)
	}
	testenv.Eventually(t, "work is taken again", func() bool {
		code, _ := api.offerDocument(t, alice, noPDF)
		return code == http.StatusUnsupportedMediaType
	})
	api.waitForState(t, alice, api.submitDocument(t, alice, testkit.DocumentPath("transcripts/soen-coop")).JobID, "done")
	c.requireOutput(0, []string{"drain"}, "the queues are empty")
}
