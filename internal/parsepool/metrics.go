package parsepool

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

type metrics struct {
	documents *prometheus.CounterVec
	seconds   prometheus.Histogram
	ends      *prometheus.CounterVec
	reads     *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, p *Pool) *metrics {
	f := promauto.With(r)
	m := &metrics{
		documents: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_parser_documents_total",
			Help: "Documents by outcome: ok, or the code of the fault.",
		}, []string{"outcome"}),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "tmd_parser_document_seconds",
			Help:    "Time of a document, the wait for a child included.",
			Buckets: []float64{.005, .01, .02, .03, .05, .08, .12, .2, .5, 1, 2, 5, 10, 20},
		}),
		ends: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_parser_child_ends_total",
			Help: "Children that ended, by reason; all but those stopped were replaced.",
		}, []string{"reason"}),
		reads: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_parser_reads_total",
			Help: "Documents that a child answered, by the reader whose facts count: plain, pdfium, or differ (PDFium's, because those of the plain reader differ).",
		}, []string{"reader"}),
	}
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tmd_parser_queue_depth",
		Help: "Documents that wait for a child.",
	}, func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return float64(len(p.waiting))
	})
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tmd_parser_children",
		Help: "Children that are ready or at work.",
	}, func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return float64(p.live)
	})
	// A series that exists from the start shows its first increase.
	m.documents.WithLabelValues(outcomeLabel(nil))
	for _, code := range append(faults, fault.ParserUnavailable, fault.Timeout) {
		m.documents.WithLabelValues(string(code))
	}
	for _, why := range reasons {
		m.ends.WithLabelValues(string(why))
	}
	for _, reader := range readers {
		m.reads.WithLabelValues(string(reader))
	}
	return m
}

func outcomeLabel(err error) string {
	if err == nil {
		return "ok"
	}
	return string(fault.CodeOf(err))
}
