// Package budget holds the time limits whose order is a part of the design: a limit inside another one ends first, so
// that the part that is unavailable names itself. A test holds the order.
package budget

import "time"

// Health.
const (
	// HealthCheck bounds one check of all dependencies. A probe of the kubelet waits for it (timeoutSeconds 3 in the chart).
	HealthCheck = 1500 * time.Millisecond
	// HealthInterval is the period at which a worker checks its dependencies.
	HealthInterval = 2 * time.Second
	// HealthMaxAge is how long the API answers with the same findings. Anybody may ask without a token, and each check
	// costs every dependency a round trip.
	HealthMaxAge = 500 * time.Millisecond
	// HealthTolerance is how long a dependency may be unavailable before an idle worker is not ready. An autoscaler
	// removes pods that are not ready first, whatever they do.
	HealthTolerance = 30 * time.Second
)
