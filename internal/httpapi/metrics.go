package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the API measures. Labels are bounded: route is a pattern of the router or "unmatched", method one of
// HTTP's or "other", status a class such as "2xx".
type metrics struct {
	requests *prometheus.HistogramVec
	inFlight prometheus.Gauge
	streams  prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tmd_http_request_duration_seconds",
			Help: "How long requests took, by route, method and class of status.",
			// From a status poll of a millisecond to an upload over a slow line.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_http_requests_in_flight", Help: "Requests that are being answered, event streams included.",
		}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_http_event_streams", Help: "Event streams that are open.",
		}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.requests, m.inFlight, m.streams} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("httpapi: metrics: %w", err)
	}
	return m, nil
}

func (m *metrics) observe(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, statusClass(status)).Observe(took.Seconds())
}

func statusClass(status int) string {
	switch {
	case status < http.StatusContinue || status > 599:
		return "other"
	default:
		return [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}[status/100-1]
	}
}
