package parserapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// failuresAllowed is the number of consecutive failures that opens the breaker. A document that crashes the
	// parser fails once or twice between others that succeed; three in a row mean the parser itself.
	failuresAllowed = 3
	// defaultPause is how long the open breaker waits before a probe.
	defaultPause = budget.ParserPause
	// probeTimeout bounds the health request that precedes the first document after a pause.
	probeTimeout = budget.ParserProbe
)

// failure marks a failure of the parser itself: it is unreachable, does not answer in time, or gives an invalid
// answer. Refusing a document, or having no room, is no failure.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// parserFailure returns err as a failure of the parser with a code.
func parserFailure(code fault.Code, err error) error { return fault.Wrap(code, failure{err}) }

// gate limits the calls in flight and, as a circuit breaker, stops calls to a parser that fails.
type gate struct {
	room    *semaphore.Weighted // nil: no limit
	breaker *gobreaker.CircuitBreaker[document.Document]
	metrics *metrics
	probe   func(context.Context) error
}

func newGate(d ClientDeps, log *slog.Logger, probe func(context.Context) error) *gate {
	g := &gate{probe: probe}
	if d.MaxCalls > 0 {
		g.room = semaphore.NewWeighted(int64(d.MaxCalls))
	}
	pause := cmp.Or(d.Pause, defaultPause)
	g.breaker = gobreaker.NewCircuitBreaker[document.Document](gobreaker.Settings{
		Name:        "parser",
		Timeout:     pause,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failuresAllowed },
		IsSuccessful: func(err error) bool {
			var own failure
			return !errors.As(err, &own)
		},
		// A canceled call, or a document that the store could not read, proves nothing about the parser.
		IsExcluded: func(err error) bool {
			return errors.Is(err, context.Canceled) || fault.CodeOf(err) == fault.StorageUnavailable
		},
		// One line when the parser fails and one when it recovers; each call is in the line of its job.
		OnStateChange: func(_ string, _, to gobreaker.State) {
			switch to {
			case gobreaker.StateOpen:
				log.Warn("the parser does not answer: it is left alone for a while", "pause", pause)
			case gobreaker.StateClosed:
				log.Info("the parser answers again")
			}
		},
	})
	g.metrics = newMetrics(d.Registerer, g.breaker.State)
	return g
}

// runCall makes a call. While the breaker is open it fails at once. The first call after that is made only after a
// successful probe, which risks no document.
func (g *gate) runCall(ctx context.Context, call func(context.Context) (document.Document, error)) (document.Document, error) {
	if g.breaker.State() == gobreaker.StateOpen { // before it waits for calls that may hang
		g.metrics.countCall(gobreaker.ErrOpenState)
		return document.Document{}, fault.Wrap(fault.ParserUnavailable, gobreaker.ErrOpenState)
	}
	if g.room != nil {
		if err := g.room.Acquire(ctx, 1); err != nil {
			g.metrics.countCall(err)
			return document.Document{}, fault.Wrap(fault.ParserUnavailable, fmt.Errorf("wait for other calls: %w", err))
		}
		defer g.room.Release(1)
	}
	doc, err := g.breaker.Execute(func() (document.Document, error) {
		if g.breaker.State() == gobreaker.StateHalfOpen {
			ctx, cancel := context.WithTimeout(ctx, probeTimeout)
			defer cancel()
			if err := g.probe(ctx); err != nil {
				return document.Document{}, fault.Wrap(fault.ParserUnavailable, err)
			}
		}
		g.metrics.inFlight.Inc()
		defer g.metrics.inFlight.Dec()
		return call(ctx)
	})
	g.metrics.countCall(err)
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return document.Document{}, fault.Wrap(fault.ParserUnavailable, err)
	}
	return doc, err
}

// metrics of a client:
//
//	tmd_parser_breaker_state           0 closed, 1 half-open (one call tries), 2 open: calls fail at once
//	tmd_parser_calls_in_flight         calls that wait for an answer of the parser
//	tmd_parser_calls_total{outcome}    read, refused (a fault of the document), busy (the parser has no free child),
//	                                   failed (a fault of the parser), rejected (not sent: the breaker is open, or the
//	                                   client has reached its limit of calls), canceled
type metrics struct {
	inFlight prometheus.Gauge
	calls    *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, state func() gobreaker.State) *metrics {
	m := &metrics{
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tmd_parser_calls_in_flight", Help: "Calls that the parser works on at the moment.",
		}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tmd_parser_calls_total", Help: "Calls to the parser, by how they ended.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []string{"read", "refused", "busy", "failed", "rejected", "canceled"} {
		m.calls.WithLabelValues(outcome) // so that the first one shows as an increase
	}
	r.MustRegister(m.inFlight, m.calls, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tmd_parser_breaker_state", Help: "Of the circuit breaker before the parser: 0 closed, 1 half-open, 2 open.",
	}, func() float64 { return float64(state()) }))
	return m
}

func (m *metrics) countCall(err error) { m.calls.WithLabelValues(callOutcome(err)).Inc() }

func callOutcome(err error) string {
	var own failure
	switch {
	case err == nil:
		return "read"
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return "rejected"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &own):
		return "failed"
	case errors.Is(err, context.DeadlineExceeded): // while it waited for other calls
		return "rejected"
	case fault.CodeOf(err).IsTransient():
		return "busy"
	}
	return "refused"
}
