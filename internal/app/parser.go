package app

import (
	"context"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/app/parserchild"
	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// RunParser runs the parser until ctx ends.
func RunParser(ctx context.Context, p program.Process) error {
	var c config.Parser
	return role.Run(ctx, p, program.Role{Name: "parser", Settings: &c, Common: &c.Process, Traces: &c.Traces},
		func(ctx context.Context, r *role.Role) error { return buildParser(ctx, r, c) })
}

func buildParser(ctx context.Context, r *role.Role, c config.Parser) error {
	if err := r.ListenDebug(ctx, c.Debug); err != nil {
		return err
	}
	pool, err := parserchild.NewPool(c.Pool, r.Log, r.Registry)
	if err != nil {
		return err
	}
	handler, err := parserapi.New(parserapi.Deps{
		Parser: panicReporter{pool, r.Reporter}, Ready: parserReadiness(r, pool), Logger: r.Log, Tracer: r.Tracer,
	})
	if err != nil {
		return err
	}
	r.AddComponent("pool", pool.Run)
	at := role.Endpoint{Name: "parser", Setting: "TMD_PARSER_PORT", Addr: ":" + c.ParserPort.String()}
	_, err = r.Listen(ctx, at, parserapi.Server(handler, r.Log), r.DrainTimeout())
	return err
}

// parserReadiness returns a check that fails before the first child has started and while the process drains.
func parserReadiness(r *role.Role, pool *parsepool.Pool) func() error {
	return func() error {
		if !r.Gate().IsReady() {
			return fault.New(fault.ParserUnavailable)
		}
		return pool.Ready()
	}
}

// panicReporter reports a panic of the parser. The server recovers from it and answers.
type panicReporter struct {
	parserapi.Parser
	reporter *telemetry.Reporter
}

// Parse implements parserapi.Parser.
func (p panicReporter) Parse(ctx context.Context, pdf []byte) (document.Document, error) {
	defer func() {
		if v := recover(); v != nil {
			p.reporter.ReportPanic(v, problem.Request{Method: http.MethodPost, Route: "/v1/parse", ID: problem.RequestID(ctx), TraceID: tracing.TraceID(ctx)})
			panic(v)
		}
	}()
	return p.Parser.Parse(ctx, pdf)
}
