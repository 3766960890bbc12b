package budget_test

import (
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// Each limit ends before the one around it. The sums are the waits of a request in sequence.
func TestOrder(t *testing.T) {
	t.Parallel()
	const proxyTimeout = time.Minute // the usual limit of an idle connection (nginx, AWS ALB)
	tests := []struct {
		name         string
		inner, outer time.Duration
	}{
		{"a request answers before its client counts it as late", budget.Answer, budget.Unavailable},
		{"a call to Redis within an answer", budget.RedisCall, budget.Answer},
		{"a call to MongoDB within an answer", budget.MongoCall, budget.Answer},
		{"a call to MongoDB ends before the search for a server", budget.MongoCall, budget.MongoSelection},
		{"a key of the identity provider within an answer", budget.IdentityKeyWait, budget.Answer},
		{"the cache and then the database within an answer", budget.CacheCall + budget.MongoCall, budget.Answer},
		{"a bulk operation reports within an answer", budget.BulkReserve, budget.Answer},

		{"an upload while Redis is unavailable", budget.IntakeCall + budget.RedisCall, budget.Unavailable},
		{"a submission that cannot be queued", budget.AcceptStep + budget.AcceptUndoUnreached, budget.Unavailable},
		{"a call to Redis within a step of a submission", budget.RedisCall, budget.AcceptStep},
		{"the question for the intake within a step of a submission", budget.IntakeCall, budget.AcceptStep},
		{"an enqueue without limits of its own", budget.Enqueue, budget.Unavailable},
		{"an upload while S3 is unavailable", budget.S3Idle + budget.S3Idle/budget.S3UndoShare, budget.Unavailable},
		{"a connection to S3 within its idle time", budget.S3Dial, budget.S3Idle},
		{"an intake that is drained shows within a second", budget.IntakeMaxAge + budget.IntakeCall, time.Second},

		{"a check within its period", budget.HealthCheck, budget.HealthInterval},
		{"a check within a probe of the kubelet", budget.HealthCheck, budget.Probe},
		{"findings are used again for less than a period", budget.HealthMaxAge, budget.HealthInterval},
		{"a worker tolerates several checks", 5 * budget.HealthInterval, budget.HealthTolerance},

		{"three heartbeats may be missed", 3 * budget.HeartbeatInterval, budget.HeartbeatTTL},
		{"a heartbeat that times out leaves time for the next", budget.HeartbeatCall + budget.HeartbeatInterval, budget.HeartbeatTTL},
		{"the lock of a rescue within its period", budget.RescueLock, budget.RescueInterval},
		{"a claim within the lease", budget.TaskClaim, budget.TaskLease},
		{"an outcome is written within the lease", budget.ResultWrite, budget.TaskLease},
		{"the search for a plan within its job", budget.PlanSearch + budget.MongoCall, budget.PlanJob},
		{"a plan within the lease", budget.PlanSearch + budget.ResultWrite, budget.TaskLease},
		{"the last write within the interruption", budget.LastWrite, budget.Interruption},

		{"a probe of the parser within its pause", budget.ParserProbe, budget.ParserPause},
		{"a document within a call", budget.ParserDocument, budget.ParserCall},
		{"a body within a call", budget.ParserBody, budget.ParserCall},
		{"a worker closes idle connections before the parser does", budget.ParserIdleConnection, budget.ServerIdle},

		{"headers inside the cluster", budget.ServerHeaders, budget.ClientHeaders},
		{"a body that stalls ends before the whole", budget.BodyStall, budget.Upload},
		{"a quiet stream survives a proxy that loses one comment", 2 * budget.EventHeartbeat, proxyTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.inner >= tt.outer {
				t.Errorf("got %v, want less than %v", tt.inner, tt.outer)
			}
		})
	}
}
