package queueadmin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

var _ admin.AuditTrail = (*AuditTrail)(nil)

const (
	// auditKey is the list of the actions of operators, the latest first, as JSON.
	auditKey = "queue:audit"
	// auditTTL is how long the list outlives the latest action.
	auditTTL = 90 * 24 * time.Hour
)

// AuditTrail stores the actions of operators in Redis. It is safe for concurrent use.
type AuditTrail struct{ redis redis.UniversalClient }

// NewAuditTrail returns the trail.
func NewAuditTrail(client redis.UniversalClient) *AuditTrail { return &AuditTrail{client} }

// AppendEntry stores an entry, and drops the oldest beyond admin.MaxAuditEntries.
func (a *AuditTrail) AppendEntry(ctx context.Context, e admin.AuditEntry) error {
	entry, err := json.Marshal(e)
	if err != nil {
		return fault.Wrap(fault.Internal, fmt.Errorf("queueadmin: audit entry: %w", err))
	}
	_, err = a.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.LPush(ctx, auditKey, entry)
		p.LTrim(ctx, auditKey, 0, admin.MaxAuditEntries-1)
		p.Expire(ctx, auditKey, auditTTL)
		return nil
	})
	return redisurl.ToFault(ctx, "queueadmin: append audit entry", err)
}

// ListEntries returns up to limit entries, the latest first. An entry that cannot be decoded is left out.
func (a *AuditTrail) ListEntries(ctx context.Context, limit int) ([]admin.AuditEntry, error) {
	stored, err := a.redis.LRange(ctx, auditKey, 0, int64(limit)-1).Result()
	if err != nil {
		return nil, redisurl.ToFault(ctx, "queueadmin: list audit entries", err)
	}
	entries := make([]admin.AuditEntry, 0, len(stored))
	for _, text := range stored {
		var e admin.AuditEntry
		if json.Unmarshal([]byte(text), &e) == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}
