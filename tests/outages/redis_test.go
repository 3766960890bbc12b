package outages_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// reads starts a fake parser, which returns the same facts for every document.
func reads(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/health":
		case r.Method != http.MethodPost:
			w.WriteHeader(http.StatusMethodNotAllowed)
		default:
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"kind":"transcript","programInfo":{"degree":"Bachelor of Engineering, Software Engineering","firstTerm":"Fall 2024","isCoop":false,"isExtendedCreditProgram":false,"ewtSatisfied":false},"semesters":[],"transferredCourses":[],"exemptedCourses":[],"deficiencyCourses":[]}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// tell sends one command to a Redis, or to a sentinel, and returns its answer, or the error.
func tell(t *testing.T, addr string, command ...any) string {
	t.Helper()
	return told(t, redis.Options{Addr: addr}, command...)
}

func told(t *testing.T, o redis.Options, command ...any) string {
	t.Helper()
	o.ReadTimeout, o.MaxRetries = 5*time.Second, -1
	c := redis.NewClient(&o)
	defer c.Close()
	answer, err := c.Do(t.Context(), command...).Result()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(answer)
}

func wantOK(t *testing.T, answer string) {
	t.Helper()
	if answer != "OK" {
		t.Fatal(answer)
	}
}

// withoutRedis are the requests that get 503 while Redis does not answer: everything about jobs, and readiness.
var withoutRedis = expectedStatuses{
	"upload": 503, "form": 503, "load": 503, "status": 503, "events": 503, "edit": 503, "forget": 503, "save": 503, "ready": 503,
}

func TestRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reads(t), nil)

	w.redis.Kill()
	w.toRedis.closeLink()
	w.checkDuring(t, "Redis is gone", "COMP 248", fault.QueueUnavailable, withoutRedis)
	w.redis.Restart(t)
	w.toRedis.openLink()
	w.requireRecovery(t, "Redis was gone")

	w.redis.Signal(syscall.SIGSTOP)
	w.checkDuring(t, "Redis is paused", "COMP 249", fault.QueueUnavailable, withoutRedis)
	w.redis.Signal(syscall.SIGCONT)
	w.requireRecovery(t, "Redis was paused")

	w.toRedis.setDelay(4 * time.Second)
	w.checkDuring(t, "Redis answers after 4 s", "COMP 232", fault.QueueUnavailable, withoutRedis)
	w.toRedis.setDelay(0)
	w.requireRecovery(t, "Redis was slow")

	// A master that became a replica, as in a failover that the address does not follow. It still answers reads.
	wantOK(t, tell(t, w.redis.Addr(), "REPLICAOF", "127.0.0.1", "1"))
	w.checkDuring(t, "Redis is read-only", "COMP 335", fault.QueueUnavailable, expectedStatuses{
		"upload": 503, "form": 503, "load": 503, "edit": 503,
	})
	wantOK(t, tell(t, w.redis.Addr(), "REPLICAOF", "NO", "ONE"))
	w.requireRecovery(t, "Redis was read-only")

	wantOK(t, tell(t, w.redis.Addr(), "CONFIG", "SET", "maxmemory", "1"))
	w.checkDuring(t, "Redis is out of memory", "COMP 346", fault.QueueUnavailable, expectedStatuses{
		"upload": 503, "form": 503, "load": 503, "edit": 503,
	})
	wantOK(t, tell(t, w.redis.Addr(), "CONFIG", "SET", "maxmemory", "0"))
	w.requireRecovery(t, "Redis was out of memory")
}
