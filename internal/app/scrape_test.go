package app

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// scraped is a Redis with jobs, and what a process reports of it.
type scraped struct {
	redis    redis.UniversalClient
	records  *jobstore.Store
	tasks    *queue.Client
	registry *prometheus.Registry
}

func newScraped(t testing.TB) *scraped {
	t.Helper()
	client, err := redisurl.Open(testenv.StartRedis(t).URL(1), redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	s := &scraped{
		redis: client, registry: prometheus.NewRegistry(), tasks: testenv.Must(queue.NewClient(queue.ClientDeps{Redis: client, JobTimeout: time.Minute})),
		records: testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})),
	}
	s.registry.MustRegister(s.records, scaling.NewReader(client))
	return s
}

// addJobs stores jobs: of four, one is done and the others wait.
func (s *scraped) addJobs(t testing.TB, n int) {
	t.Helper()
	ctx := context.Background()
	for i := range n {
		now := time.Now().UTC()
		r := job.Record{ID: job.ID(uuid.NewString()), Kind: job.Form, Owner: fmt.Sprint("owner-", i%500), State: job.Queued, CreatedAt: now, UpdatedAt: now}
		if _, err := s.records.AdmitJob(ctx, r, []byte("{}"), submit.AdmissionPolicy{}); err != nil {
			t.Fatal(err)
		}
		if i%4 > 0 {
			if err := s.tasks.Enqueue(ctx, job.Task{ID: r.ID, Kind: r.Kind}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		begun, _, err := s.records.BeginAttempt(ctx, r.ID, 1)
		if err == nil {
			err = s.records.CompleteJob(ctx, r.ID, begun.Fence, job.Stored{Full: []byte("full"), Slim: []byte("slim")})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (s *scraped) gather(t testing.TB) {
	t.Helper()
	if families, err := s.registry.Gather(); err != nil || len(families) != 5 {
		t.Fatalf("got %d families, %v, want 5", len(families), err)
	}
}

var commandStats = regexp.MustCompile(`(?m)^cmdstat_(\S+):calls=(\d+)`)

// scrapeCommands returns how many commands of each kind one scrape runs, those of its scripts included.
func (s *scraped) scrapeCommands(t *testing.T) (calls map[string]int, sum int) {
	t.Helper()
	s.gather(t) // loads the script
	if err := s.redis.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.gather(t)
	calls = map[string]int{}
	for _, m := range commandStats.FindAllStringSubmatch(s.redis.Info(t.Context(), "commandstats").Val(), -1) {
		if strings.HasPrefix(m[1], "config") {
			continue
		}
		calls[m[1]], _ = strconv.Atoi(m[2])
		sum += calls[m[1]]
	}
	return calls, sum
}

// What a scrape costs Redis does not depend on the number of jobs, beyond the candidates for the oldest one.
func TestScrapesDoNotScan(t *testing.T) {
	t.Parallel()
	s := newScraped(t)
	s.addJobs(t, 100)
	few, fewSum := s.scrapeCommands(t)
	s.addJobs(t, 500)
	many, manySum := s.scrapeCommands(t)
	if fewSum != manySum || fewSum == 0 || manySum > 100 {
		t.Errorf("commands of a scrape: got %d and then %d, want as few with many jobs\n%v\n%v", fewSum, manySum, few, many)
	}
	for _, command := range []string{"keys", "scan", "hscan", "sscan", "zscan", "smembers"} {
		if many[command] > 0 {
			t.Errorf("a scrape runs %s", command)
		}
	}
}

// BenchmarkScrape measures the figures that every process reports of a Redis with 10,000 jobs. The target is 50 ms.
func BenchmarkScrape(b *testing.B) {
	s := newScraped(b)
	s.addJobs(b, 10_000)
	b.ResetTimer()
	for b.Loop() {
		s.gather(b)
	}
}
