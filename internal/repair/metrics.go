package repair

import "github.com/prometheus/client_golang/prometheus"

// finding is the kind of a repaired inconsistency. The values are metric labels.
type finding string

const (
	taskLost     finding = "task_lost"     // an open record without a task: queued again
	taskArchived finding = "task_archived" // an open record whose task was archived: queued again
	documentLost finding = "document_lost" // an open record without task and document: failed
	recordLost   finding = "record_lost"   // a ticket without a record: restored and queued
	filesLeft    finding = "files_left"    // files of a job that has ended: removed
	filesExpired finding = "files_expired" // files of no use: removed
	keptExpired  finding = "kept_expired"  // a document of a failed job that is no longer kept for operators: removed
	draftLeft    finding = "draft_left"    // a temporary file that is no longer written: removed
	indexLeft    finding = "index_left"    // an id of the index without an open record: removed
)

type metrics struct {
	healed *prometheus.CounterVec
	rounds *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		healed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_sweep_healed_total", Help: "What the sweep found amiss and put right, by what it was.",
		}, []string{"what"}),
		rounds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_sweep_rounds_total", Help: "Rounds of the sweep, by result: ok or failed. One process at a time has any.",
		}, []string{"result"}),
	}
	for _, what := range []finding{taskLost, taskArchived, documentLost, recordLost, filesLeft, filesExpired, keptExpired, draftLeft, indexLeft} {
		m.healed.WithLabelValues(string(what)) // from the start, so that the first one shows as an increase
	}
	reg.MustRegister(m.healed, m.rounds)
	return m
}

func (m *metrics) observeRound(err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.rounds.WithLabelValues(result).Inc()
}
