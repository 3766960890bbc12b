package commands_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// collectedSpan is a span as a collector receives it. Ids are hexadecimal.
type collectedSpan struct {
	role, name, id, parent, trace string
	links                         []string // "trace/span"
	attributes                    map[string]string
}

// traceCollector is a collector of OTLP over HTTP.
type traceCollector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []collectedSpan
	raw   strings.Builder
}

func newTraceCollector(t *testing.T) *traceCollector {
	c := &traceCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var data tracepb.TracesData
		if err := proto.Unmarshal(body, &data); err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("X-Key") != "a secret" {
			t.Errorf("got %s %s with the key %q, %v", r.Method, r.URL, r.Header.Get("X-Key"), err)
		}
		c.addSpans(&data, body)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *traceCollector) addSpans(data *tracepb.TracesData, raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(raw)
	for _, resource := range data.GetResourceSpans() {
		role := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				role = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				span := collectedSpan{
					role: role, name: s.GetName(), id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()),
					trace: hex.EncodeToString(s.GetTraceId()), attributes: map[string]string{},
				}
				for _, l := range s.GetLinks() {
					span.links = append(span.links, hex.EncodeToString(l.GetTraceId())+"/"+hex.EncodeToString(l.GetSpanId()))
				}
				for _, a := range s.GetAttributes() {
					span.attributes[a.GetKey()] = a.GetValue().GetStringValue()
				}
				c.spans = append(c.spans, span)
			}
		}
	}
}

// listSpans returns the spans of a trace, each as its path from the root: "role name < role name".
func (c *traceCollector) listSpans(trace string) (paths []string, attempts []collectedSpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	byID := map[string]collectedSpan{}
	for _, s := range c.spans {
		if s.trace == trace {
			byID[s.id] = s
		}
	}
	for _, s := range c.spans {
		if s.trace != trace {
			continue
		}
		if s.name == "attempt" {
			attempts = append(attempts, s)
		}
		path := s.role + " " + s.name
		for at := s; at.parent != ""; {
			next, ok := byID[at.parent]
			if !ok {
				path += " < an unknown span"
				break
			}
			at = next
			path += " < " + at.role + " " + at.name
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return slices.Compact(paths), attempts
}

const (
	uploadSpan  = "tmd-api POST /api/timeline/upload"
	attemptSpan = "tmd-worker attempt < tmd-api enqueue < " + uploadSpan
)

// wholeTree is the spans of a job, each below its parents.
func wholeTree() []string {
	tree := []string{
		uploadSpan, "tmd-api save document < " + uploadSpan, "tmd-api admit job < " + uploadSpan, "tmd-api enqueue < " + uploadSpan,
		attemptSpan,
	}
	for _, step := range []string{"catalogue", "parse", "build", "pack", "store"} {
		tree = append(tree, "tmd-worker "+step+" < "+attemptSpan)
	}
	call := "tmd-worker call parser < tmd-worker parse < " + attemptSpan
	tree = append(tree, call, "tmd-parser read document < "+call, "tmd-parser child process < tmd-parser read document < "+call)
	slices.Sort(tree)
	return tree
}

// A job is one trace, over three processes: request, queue, worker, parser, its child, and the writes. Each further
// attempt is a span of the same trace with a link to the one before.
func TestOneTraceOfAJob(t *testing.T) {
	t.Parallel()
	collector, redis := newTraceCollector(t), testenv.StartRedis(t)
	traced := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_EXPORTER_OTLP_HEADERS=x-key=a%20secret"}
	env := append([]string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(redis.Port), "MONGODB_URI=" + testenv.NewMongoDatabase(t), "JWT_SECRET=" + jwtSecret,
		"TMD_UPLOAD_DIR=" + t.TempDir(), "NODE_ENV=test", "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0",
	}, traced...)
	client, err := redisurl.Open(redis.URL(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	none := noServer()
	if got := none.runCommand(t, env, "seed"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	parserPort, apiPort := testenv.FreePort(t), testenv.FreePort(t)
	parser := startRole(t, "parser", parserPort, append([]string{"TMD_PARSER_PORT=" + strconv.Itoa(parserPort)}, traced...)...)
	link := newParserLink(t, parser.Base)
	startWorker := func() *server {
		port := testenv.FreePort(t)
		return startRole(t, "worker", port, append([]string{
			"TMD_WORKER_HEALTH_ADDR=127.0.0.1:" + strconv.Itoa(port), "PYTHON_UTILS_URL=" + link.URL}, env...)...)
	}
	worker := startWorker()
	api := startRole(t, "api", apiPort, append([]string{"BACKEND_PORT=" + strconv.Itoa(apiPort)}, env...)...)
	const owner = "alice-of-the-test"
	token := strings.TrimSpace(none.runCommand(t, env, "token", "--sub", owner).out)

	traceOf := func(t *testing.T, id string) string {
		t.Helper()
		var j struct{ TraceID string }
		api.getJSON(t, token, "/api/timeline/status/"+id+"?result=false", &j)
		if len(j.TraceID) != 32 {
			t.Fatalf("got the trace %q of the job, want an id", j.TraceID)
		}
		return j.TraceID
	}
	// A killed process leaves spans without their parents, so more spans than the tree are accepted.
	requireTree := func(t *testing.T, trace string) []collectedSpan {
		t.Helper()
		var attempts []collectedSpan
		var got []string
		defer func() {
			if t.Failed() {
				t.Logf("got the spans\n%s", strings.Join(got, "\n"))
			}
		}()
		testenv.Eventually(t, "the trace is one tree", func() bool {
			got, attempts = collector.listSpans(trace)
			return !slices.ContainsFunc(wholeTree(), func(path string) bool { return !slices.Contains(got, path) })
		})
		return attempts
	}

	t.Run("one attempt", func(t *testing.T) {
		id := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular")).JobID
		api.waitForState(t, token, id, "done")
		trace := traceOf(t, id)
		attempts := requireTree(t, trace)
		if got, _ := collector.listSpans(trace); !slices.Equal(got, wholeTree()) {
			t.Errorf("got the spans\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wholeTree(), "\n"))
		}
		if len(attempts) != 1 || len(attempts[0].links) != 0 || attempts[0].attributes["job.id"] != id {
			t.Errorf("got the attempts %+v, want one of the job without a link", attempts)
		}
	})
	t.Run("an attempt after another", func(t *testing.T) {
		link.setBroken(true)
		id := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular")).JobID
		api.waitForState(t, token, id, "retrying")
		trace := traceOf(t, id)
		link.setBroken(false)
		api.waitForState(t, token, id, "done")
		attempts := requireTree(t, trace)
		if len(attempts) < 2 || len(attempts[0].links) != 0 {
			t.Fatalf("got the attempts %+v, want two or more, the first without a link", attempts)
		}
		for n, a := range attempts[1:] {
			if want := []string{trace + "/" + attempts[n].id}; !slices.Equal(a.links, want) {
				t.Errorf("attempt %d: got the links %v, want %v", n+2, a.links, want)
			}
		}
		worker.RequireAlive(t)
	})
	t.Run("an attempt after a lost worker", func(t *testing.T) {
		release := link.holdCalls()
		defer release()
		id := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular")).JobID
		<-link.waiting
		trace := traceOf(t, id)
		former := client.HGet(t.Context(), "job:timeline:"+id, "trace").Val()
		worker.Kill()
		release()
		worker = startWorker()
		api.waitForState(t, token, id, "done")
		attempts := requireTree(t, trace)
		if last := attempts[len(attempts)-1]; len(last.links) != 1 || !strings.Contains(former, strings.ReplaceAll(last.links[0], "/", "-")) {
			t.Errorf("got the links %v, want one to %s", last.links, former)
		}
	})
	t.Run("ids without data", func(t *testing.T) {
		var p struct{ TraceID string }
		if code := api.getJSON(t, token, "/api/timeline/status/6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11", &p); code != http.StatusNotFound || len(p.TraceID) != 32 {
			t.Errorf("got %d and the trace %q, want a problem with its trace", code, p.TraceID)
		}
		if !strings.Contains(api.ReadOutput(t), p.TraceID) {
			t.Errorf("got no %s in the log of the API", p.TraceID)
		}
		if !strings.Contains(worker.ReadOutput(t), `"trace_id":"`) {
			t.Error("got no trace_id in the log of the worker")
		}
		collector.mu.Lock()
		defer collector.mu.Unlock()
		for _, private := range []string{owner, "soen-regular", ".pdf", token} {
			if strings.Contains(collector.raw.String(), private) {
				t.Errorf("got %q in the traces, want none", fmt.Sprintf("%.12s…", private))
			}
		}
	})
}
