package commands

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

func (p Process) parserCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "parser",
		Short:   "Read documents: PDF bytes in, facts out",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var c config.Parser
			return p.run(cmd.Context(), "parser", &c, &c.Process, func(ctx context.Context, r *role) error { return r.buildParser(ctx, c) })
		},
	}
}

func (r *role) buildParser(ctx context.Context, c config.Parser) error {
	if err := r.serveDebug(ctx, c.Debug); err != nil {
		return err
	}
	pool := newPool(c.Pool, r.Log, r.Registry)
	handler := parserapi.New(parserapi.Deps{Parser: reported{pool, r.Reporter}, Ready: r.parserReady(pool), Logger: r.Log})
	r.group.Add("pool", pool.Run)
	_, err := r.serve(ctx, endpoint{"parser", "TMD_PARSER_PORT", ":" + c.ParserPort.String()}, parserapi.Server(handler, r.Log), r.drain())
	return err
}

// parserReady is false before the first child is there, and while the process drains.
func (r *role) parserReady(pool *parsepool.Pool) func() error {
	return func() error {
		if !r.gate.Ready() {
			return fault.New(fault.ParserUnavailable)
		}
		return pool.Ready()
	}
}

// reported tells the reporter of a panic while a document is read. The server answers it.
type reported struct {
	parserapi.Parser
	reporter *telemetry.Reporter
}

// Parse reads a document.
func (p reported) Parse(ctx context.Context, pdf []byte) (document.Document, error) {
	defer func() {
		if v := recover(); v != nil {
			p.reporter.Panic(v, problem.Request{Method: http.MethodPost, Route: "/v1/parse", ID: problem.RequestID(ctx)})
			panic(v)
		}
	}()
	return p.Parser.Parse(ctx, pdf)
}
