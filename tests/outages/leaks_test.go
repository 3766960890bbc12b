package outages_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The secrets and personal data, each of which occurs only in its own place.
const (
	redisPassword = "Redis-Pw-7c1e"
	mongoPassword = "Mongo-Pw-88af"
	signingSecret = "Signing-Secret-51d2-Signing-Secret-51d2"
	dsnKey        = "d5f0c0ffee5e4c2e8a2f"
	owner         = "Owner-4b7d"
	studentNumber = "40114807"
	studentName   = "Elise Gagnon"    // as in the document
	plan          = "Plan-Name-3c9f"  // of a timeline
	fileName      = "File-Name-aa17"  // of the document
	repeated      = "Idempotent-90ab" // a client's key, which may be anything
	asked         = "Asked-For-6e21"  // in a path, a query, a header, a form
)

// envelopes stores what is sent to an error tracker.
type envelopes struct {
	*httptest.Server
	mu  sync.Mutex
	all bytes.Buffer
}

func newEnvelopes(t *testing.T) *envelopes {
	t.Helper()
	e := &envelopes{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		// The tracker identifies its client by its own key, which is in the head of an envelope.
		b = bytes.ReplaceAll(b, []byte(dsnKey), []byte("key"))
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all.Write(b)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *envelopes) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all.String()
}

// TestSecretsStayWhereTheyBelong makes every part fail, with requests full of personal data, and reads all output of
// the processes: logs at their most verbose level, metrics, health pages, error reports, answers to strangers.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	tracker := newEnvelopes(t)
	dsn := strings.Replace(tracker.URL, "http://", "http://"+dsnKey+"@", 1) + "/7"
	loud := []string{"TMD_LOG_LEVEL=debug", "SENTRY_DSN=" + dsn}

	parserPort, parserMetrics, apiMetrics := testenv.FreePort(t), testenv.FreePort(t), testenv.FreePort(t)
	parser := startRole(t, "parser", parserPort, append(loud, "TMD_PARSER_PORT="+strconv.Itoa(parserPort), "TMD_PARSER_CHILDREN=1",
		"TMD_METRICS_ADDR=127.0.0.1:"+strconv.Itoa(parserMetrics))...)
	server := testenv.StartRedis(t)
	wantOK(t, tell(t, server.Addr(), "CONFIG", "SET", "requirepass", redisPassword))
	locked := redis.Options{Addr: server.Addr(), Password: redisPassword, DB: 1}
	toRedis := newServerLink(t, server.Addr())
	w := newWorld(t, parser.Base, func(db int) string {
		return fmt.Sprintf("redis://:%s@%s/%d", redisPassword, toRedis.Listen, db)
	}, func(w *world) {
		w.dbUser, w.dbQuery = "tmd:"+mongoPassword+"@", "?authMechanism=PLAIN&authSource=$external"
		w.owner, w.secret, w.env = owner, signingSecret, loud
		w.apiEnv = []string{"TMD_METRICS_ADDR=127.0.0.1:" + strconv.Itoa(apiMetrics)}
	})

	var (
		mu   sync.Mutex
		said bytes.Buffer // to callers without any permission
		all  sync.WaitGroup
	)
	send := func(q request, header ...string) {
		req, err := http.NewRequest(q.method, w.api.Base+q.path, bytes.NewReader(q.body))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+w.token)
		req.Header.Set("Content-Type", q.contentType)
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if res.StatusCode >= http.StatusInternalServerError || res.StatusCode == http.StatusUnauthorized {
			said.Write(b)
		}
	}
	ask := func(q request, header ...string) { all.Go(func() { send(q, header...) }) }
	// everything requests everything, with data in every place that a client can set.
	everything := func() {
		defer all.Wait()
		u := uploadRequest(t)
		u.body = bytes.Replace(u.body, []byte("t.pdf"), []byte(fileName+".pdf"), 1)
		ask(u, "Idempotency-Key", repeated)
		v := uploadRequest(t)
		v.body = bytes.Replace(v.body, []byte("%PDF-"), []byte("%PDF-"+asked), 1)
		ask(v)
		for _, q := range w.allRequests(t, asked) {
			q.path += "?q=" + asked + "&cursor=" + asked
			q.body = bytes.ReplaceAll(q.body, []byte("plan"), []byte(plan))
			ask(q, "If-Match", `"`+asked+`"`, "If-None-Match", asked, "Last-Event-ID", asked, "User-Agent", asked, "Referer", asked, "Cookie", asked)
			ask(q, "X-Forwarded-For", asked)
			ask(q, "Authorization", "Bearer "+w.token[:len(w.token)-5]+"aaaaa")
			ask(q, "Authorization", asked)
		}
		ask(jsonRequest(http.MethodPost, "/api/timeline/form", `{"degree":"`+asked+`","firstTerm":"`+asked+`"}`))
		ask(jsonRequest(http.MethodPut, "/api/timelines/"+w.saved, `{"timelineName":"`+plan+`"}`))
		ask(getRequest("/" + asked))
	}

	everything()
	w.waitForState(t, w.requireStatus(t, 202, uploadRequest(t)).JobID, "done")
	for _, name := range []string{"hostile/encrypted", "hostile/truncated", "hostile/invoice"} {
		b, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests", "documents", name+".pdf"))
		if err != nil {
			t.Fatal(err)
		}
		u := uploadRequest(t)
		u.body = bytes.Replace(u.body, readDocument(t), b, 1)
		w.waitForState(t, w.requireStatus(t, 202, u).JobID, "failed", "done")
	}

	// A record and a result that cannot be decoded are internal errors, which are reported.
	told(t, locked, "HSET", "job:timeline:"+w.job, "version", "spoilt")
	send(getRequest("/api/timeline/status/" + w.job))
	w.job = w.finishJob(t)
	wantOK(t, told(t, locked, "SET", "job:timeline:"+w.job+":result", studentName))
	send(w.saveRequest())

	w.toParser.closeLink()
	w.waitForState(t, w.requireStatus(t, 202, uploadRequest(t)).JobID, "retrying")
	w.toDB.closeLink()
	everything()
	w.toDB.openLink()
	wantOK(t, told(t, locked, "CONFIG", "SET", "requirepass", "changed"))
	toRedis.closeLink()
	toRedis.openLink()
	everything() // with a refused password
	toRedis.closeLink()
	everything()

	var out bytes.Buffer
	testenv.Eventually(t, "the error tracker receives a report", func() bool {
		return strings.Contains(tracker.String(), `"code":"internal"`)
	})
	for _, page := range []string{
		w.worker.Base + "/metrics", w.worker.Base + "/health", w.api.Base + "/api/health", parser.Base + "/health",
		fmt.Sprintf("http://127.0.0.1:%d/metrics", apiMetrics), fmt.Sprintf("http://127.0.0.1:%d/metrics", parserMetrics),
	} {
		res, err := client.Get(page)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(&out, res.Body)
		res.Body.Close()
	}
	// The errors of a failed start are logged as well.
	for _, wrong := range [][]string{
		{"REDIS_JOB_URL=redis://:" + redisPassword + "@[::1/1", "MONGODB_URI=mongodb://tmd:" + mongoPassword + "/x@h", "BACKEND_PORT=" + "http"},
		{"REDIS_JOB_URL=" + redisPassword, "MONGODB_URI=" + mongoPassword, "TMD_JWKS_URL=https://u:" + signingSecret + "@id.example.org"},
		{"MONGODB_URI=mongodb://tmd:" + mongoPassword + "@h:x/", "REDIS_HOST=r"},
	} {
		for _, role := range []string{"api", "worker", "seed", "config"} {
			b, err := newCommand(t, slices.Concat(loud, []string{"JWT_SECRET=" + signingSecret}, wrong), role).CombinedOutput()
			if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // it is returned unwrapped
				t.Fatal(err)
			}
			out.Write(b)
		}
	}

	logs := w.api.ReadOutput(t) + w.worker.ReadOutput(t) + parser.ReadOutput(t)
	for what, text := range map[string]string{
		"the logs": logs, "metrics, health and failed starts": out.String(), "reports of errors": tracker.String(), "answers": said.String(),
	} {
		if len(text) < 1000 {
			t.Errorf("%s: only %d bytes were looked through", what, len(text))
		}
		for _, secret := range []string{
			redisPassword, mongoPassword, signingSecret, dsnKey, owner, studentName, studentNumber, plan, fileName, repeated, asked,
			w.token, w.token[:20], "Authorization: Bearer",
		} {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(secret)); i >= 0 {
				t.Errorf("%s hold %q: …%s…", what, secret, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}
