package liveness

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

const (
	HeartbeatInterval = heartbeatInterval
	HeartbeatTTL      = heartbeatTTL
	MaxGap            = maxGap
	MaxRoundTrip      = maxRoundTrip
)

// IsTrusted reports whether a member trusts its view of the others.
func IsTrusted(m *Member) bool { return m.heartbeat.isTrusted() }

// RecordRoundTrip records a heartbeat that took a time.
func RecordRoundTrip(m *Member, began time.Time, took time.Duration) {
	m.heartbeat.recordRoundTrip(began, took, nil)
}

// DelayHeartbeat returns a function that sends a heartbeat as of now.
func DelayHeartbeat(m *Member) (send func(ctx context.Context) error) {
	h := m.heartbeat
	args := h.scriptArgs(h.clock(), nil)
	keys := []string{queuemodel.WorkerPrefix + h.id, queuemodel.WorkersKey, queuemodel.HoldersKey}
	return func(ctx context.Context) error { return heartbeatScript.Run(ctx, h.redis, keys, args...).Err() }
}
