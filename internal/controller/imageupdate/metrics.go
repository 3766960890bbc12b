package imageupdate

import "github.com/prometheus/client_golang/prometheus"

// outcome of a check or a rollout: a metric's label.
type outcome string

// The outcomes of a check.
const (
	current     outcome = "current"     // runs what its tag names
	updating    outcome = "updating"    // a rollout has begun
	knownBad    outcome = "bad"         // the tag names what failed before
	paused      outcome = "paused"      // the Deployment is paused
	busy        outcome = "busy"        // another rollout has not ended
	unreachable outcome = "unreachable" // the registry gave no answer
	skipped     outcome = "skipped"     // another component failed in this run
)

// The outcomes of a rollout.
const (
	done       outcome = "done"
	rolledBack outcome = "rolled_back"
	stuck      outcome = "stuck"      // the rollback failed as well
	superseded outcome = "superseded" // another client changed the images
)

// metrics of image updates:
//
//	tmd_images_checks_total{component,outcome}      checks, by what came of them
//	tmd_images_rollouts_total{component,outcome}    rollouts that ended
//	tmd_images_last_check_timestamp_seconds         when the last check was, Unix time
type metrics struct {
	checks   *prometheus.CounterVec
	rollouts *prometheus.CounterVec
	last     prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_images_checks_total", Help: "Checks of a component's image, by what came of them.",
		}, []string{"component", "outcome"}),
		rollouts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_images_rollouts_total", Help: "Rollouts of a new image that ended, by how.",
		}, []string{"component", "outcome"}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_images_last_check_timestamp_seconds", Help: "When the last check was, in Unix time.",
		}),
	}
	r.MustRegister(m.checks, m.rollouts, m.last)
	return m
}
