package queueadmin_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
)

func TestTheAuditTrailIsBounded(t *testing.T) {
	queuetest.OnEachRedis(t, func(t *testing.T, e *queuetest.Env) {
		trail, ctx := queueadmin.NewAuditTrail(e.Redis), t.Context()
		e.Redis.LPush(ctx, "queue:audit", "not an entry")
		const more = 5
		for n := range admin.MaxAuditEntries + more {
			if err := trail.AppendEntry(ctx, admin.AuditEntry{Action: admin.ActionRetry, Target: strconv.Itoa(n)}); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := trail.ListEntries(ctx, 2*admin.MaxAuditEntries)
		if err != nil || len(entries) != admin.MaxAuditEntries {
			t.Fatalf("entries: got %d, %v, want %d", len(entries), err, admin.MaxAuditEntries)
		}
		first, last := entries[0].Target, entries[len(entries)-1].Target
		if first != strconv.Itoa(admin.MaxAuditEntries+more-1) || last != strconv.Itoa(more) {
			t.Errorf("entries from %s to %s, want the latest first", first, last)
		}
		if ttl := e.Redis.TTL(ctx, "queue:audit").Val(); ttl < 80*24*time.Hour {
			t.Errorf("time to live: got %s, want about 90 days", ttl)
		}
	})
}
