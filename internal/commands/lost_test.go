package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// installation is the roles in their own processes, on the test's own servers.
type installation struct {
	redis   *testenv.RedisServer
	client  redis.UniversalClient
	env     []string
	uploads string
	link    *parserLink
	api     *server
	apiPort int
	token   string
	done    *ledger
}

// ledger counts how often each job was done, according to the events of the records.
type ledger struct {
	mu    sync.Mutex
	times map[string]int
}

func (l *ledger) countDone(id string) int { l.mu.Lock(); defer l.mu.Unlock(); return l.times[id] }

func (l *ledger) allDone(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return l.countDone(id) == 0 })
}

func (l *ledger) countJobs() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.times) }

// resetCounts restarts the count, because jobs whose results were lost may run again, and returns the jobs done so
// far.
func (l *ledger) resetCounts() (forgotten map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	forgotten = map[string]bool{}
	for id := range l.times {
		forgotten[id] = true
		l.times[id] = 0
	}
	return forgotten
}

// listenForEvents updates the ledger until the test ends. It reconnects after Redis was killed.
func (l *ledger) listenForEvents(t *testing.T, client redis.UniversalClient) {
	sub := client.Subscribe(t.Context(), "job:timeline:events")
	if _, err := sub.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	messages := sub.Channel(redis.WithChannelSize(10_000))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		states := map[string]string{}
		for m := range messages {
			id, body, _ := strings.Cut(m.Payload, " ")
			var record []string
			if json.Unmarshal([]byte(body), &record) != nil || len(record) < 4 {
				continue
			}
			l.mu.Lock()
			if record[3] == "done" && states[id] != "done" {
				l.times[id]++
			}
			states[id] = record[3]
			l.mu.Unlock()
		}
	}()
	t.Cleanup(func() { _ = sub.Close(); <-ended })
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	i := &installation{redis: testenv.StartRedis(t), uploads: t.TempDir(), apiPort: testenv.FreePort(t), done: &ledger{times: map[string]int{}}}
	i.env = []string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(i.redis.Port), "MONGODB_URI=" + testenv.NewMongoDatabase(t), "JWT_SECRET=" + jwtSecret,
		"TMD_UPLOAD_DIR=" + i.uploads, "NODE_ENV=test", "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0",
	}
	none := noServer()
	if got := none.runCommand(t, i.env, "seed"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	i.token = strings.TrimSpace(none.runCommand(t, i.env, "token", "--sub", "alice").out)
	client, err := redisurl.Open(i.redis.URL(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	i.client = client
	i.done.listenForEvents(t, client)

	parserPort := testenv.FreePort(t)
	i.link = newParserLink(t, startRole(t, "parser", parserPort, "TMD_PARSER_PORT="+strconv.Itoa(parserPort)).Base)
	for range 2 {
		port := testenv.FreePort(t)
		startRole(t, "worker", port, append([]string{
			"TMD_WORKER_HEALTH_ADDR=127.0.0.1:" + strconv.Itoa(port), "PYTHON_UTILS_URL=" + i.link.URL}, i.env...)...)
	}
	i.startAPI(t)
	return i
}

func (i *installation) startAPI(t *testing.T) {
	t.Helper()
	i.api = startRole(t, "api", i.apiPort, append([]string{"BACKEND_PORT=" + strconv.Itoa(i.apiPort)}, i.env...)...)
}

// requireSettled waits until every accepted job is done exactly once, and no document or ticket is left. Jobs with
// lost results may be done once more or not, depending on the moment.
func (i *installation) requireSettled(t *testing.T, accepted []string, lost map[string]bool) {
	t.Helper()
	due := slices.DeleteFunc(slices.Clone(accepted), func(id string) bool { return lost[id] })
	// Repair waits for ten seconds, and needs two rounds.
	testenv.EventuallyWithin(t, 2*time.Minute, "every accepted job is done and its document gone", func() bool {
		return i.done.allDone(due) && i.countDocuments(t) == 0
	})
	for _, id := range accepted {
		if n := i.done.countDone(id); n > 1 || n == 0 && !lost[id] {
			t.Errorf("an accepted job was done %d times", n)
		}
	}
	if open := i.client.ZCard(t.Context(), "job:timeline:open").Val(); open != 0 {
		t.Errorf("%d jobs are open", open)
	}
}

// countDocuments counts documents. A kill may also leave temporary files, and tickets without a document.
func (i *installation) countDocuments(t *testing.T) int {
	t.Helper()
	n := 0
	entries, err := os.ReadDir(i.uploads)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".pdf") {
			n++
		}
	}
	return n
}

// Redis loses everything at any moment: each accepted job is still done exactly once.
func TestRedisIsWiped(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	flush := func() {
		if err := i.client.FlushAll(context.WithoutCancel(t.Context())).Err(); err != nil {
			t.Fatal(err)
		}
	}
	release := i.link.holdCalls()
	defer release()
	var accepted []string
	for n := range 20 {
		accepted = append(accepted, i.api.submitDocument(t, i.token, testkit.DocumentPath("transcripts/soen-regular")).JobID)
		if n%5 == rand.IntN(5) {
			flush()
		}
	}
	flush() // some are queued, some are running
	// The owner does not see that they are lost.
	for _, id := range accepted {
		var j jobStatus
		if code := i.api.getJSON(t, i.token, "/api/timeline/status/"+id+"?result=false", &j); code != http.StatusOK {
			t.Errorf("%d %+v", code, j)
		}
	}
	release()
	moment := 1 + rand.IntN(15)
	testenv.EventuallyWithin(t, 2*time.Minute, "some are done", func() bool { return i.done.countJobs() >= moment })
	flush() // while the others run
	i.requireSettled(t, accepted, i.done.resetCounts())
}

// Redis is killed and starts empty, like one without a disk.
func TestRedisIsReplaced(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	release := i.link.holdCalls()
	defer release()
	var accepted []string
	for range 20 {
		accepted = append(accepted, i.api.submitDocument(t, i.token, testkit.DocumentPath("transcripts/soen-regular")).JobID)
	}
	i.redis.Kill()
	i.redis.Restart(t, "--appendonly", "no")
	release()
	i.requireSettled(t, accepted, nil)
}

// The API is killed repeatedly while it accepts jobs: an accepted job is done exactly once, any other at most once,
// and no file of it stays.
func TestTheAPIIsKilled(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	pdf, err := os.ReadFile(testkit.DocumentPath("transcripts/soen-regular"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var accepted []string
	for life := range 5 {
		var users sync.WaitGroup
		for user := range 4 {
			users.Go(func() {
				for n := 0; ; n++ {
					id, err := i.sendDocument(t, fmt.Appendf(pdf[:len(pdf):len(pdf)], "\n%%%d %d %d\n", life, user, n))
					if err != nil {
						return // the API was killed
					}
					mu.Lock()
					accepted = append(accepted, id)
					mu.Unlock()
				}
			})
		}
		moment := 10*(life+1) + rand.IntN(10)
		testenv.Eventually(t, "some uploads are accepted", func() bool { mu.Lock(); defer mu.Unlock(); return len(accepted) >= moment })
		i.api.Kill()
		users.Wait()
		http.DefaultClient.CloseIdleConnections()
		i.startAPI(t)
	}
	t.Logf("%d accepted", len(accepted))
	i.requireSettled(t, accepted, nil)
	// The rest of an incomplete submission is a ticket without a document, whose job never existed.
	testenv.Eventually(t, "the tickets of jobs that are done are gone", func() bool {
		tickets, err := filepath.Glob(filepath.Join(i.uploads, "*.json"))
		return err == nil && !slices.ContainsFunc(tickets, func(name string) bool {
			return i.done.countDone(strings.TrimSuffix(filepath.Base(name), ".json")) != 0
		})
	})
	i.done.mu.Lock()
	defer i.done.mu.Unlock()
	for id, n := range i.done.times {
		if n > 1 {
			t.Errorf("%s was done %d times", id, n)
		}
	}
}

// sendDocument uploads a document. An API that is killed meanwhile is an error, not a failure of the test.
func (i *installation) sendDocument(t *testing.T, pdf []byte) (string, error) {
	form := apiclient.NewDocumentForm(pdf)
	resp, err := apiclient.New(apiclient.Options{BaseURL: i.api.Base, Token: i.token}).Send(t.Context(), apiclient.Request{
		Method: http.MethodPost, Path: apiclient.UploadPath, ContentType: form.ContentType, Body: form.Body,
	})
	if err != nil {
		return "", err
	}
	var j jobStatus
	if err := json.Unmarshal(resp.Body, &j); err != nil {
		return "", err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return "", fmt.Errorf("status %d", resp.StatusCode)
	}
	if resp.StatusCode != http.StatusAccepted {
		t.Errorf("got status %d, want %d", resp.StatusCode, http.StatusAccepted)
	}
	return j.JobID, nil
}
