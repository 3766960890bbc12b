package parserapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The test binary runs itself again as the parser's child, and as the whole parser.
const (
	asChild  = "parser-child"
	asParser = "parser"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		var run func() error
		switch os.Args[1] {
		case asChild:
			run = child
		case asParser:
			run = parser
		}
		if run != nil {
			if err := run(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

func reader(cache string) (parsepool.ReadFunc, error) {
	extractor, err := pdftext.New(pdftext.Config{CacheDir: cache})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, pdf []byte) (parsepool.Result, error) {
		pages, err := extractor.Pages(ctx, pdf)
		if err != nil {
			return parsepool.Result{}, err
		}
		doc, err := document.Read(pages)
		return parsepool.Result{Document: doc, Reader: parsepool.ReaderPDFium}, err
	}, nil
}

func child() error {
	read, err := reader(os.Getenv("TMD_CACHE_DIR"))
	if err != nil {
		return err
	}
	return parsepool.Serve(os.Stdin, os.Stdout, "", read)
}

func newPool(log *slog.Logger) *parsepool.Pool {
	return testenv.Must(parsepool.New(parsepool.Deps{
		Command: []string{asChild},
		Env:     []string{"TMD_CACHE_DIR=" + testenv.WasmCache()},
		Size:    2, Queue: 64,
		MemoryLimit: 1 << 30, // the race detector needs more
		Logger:      log, Registerer: prometheus.NewRegistry(), Clock: time.Now,
	}))
}

// parser is the whole service; it prints its port.
func parser() error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	pool := newPool(log)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	srv := parserapi.Server(newHandler(parserapi.Deps{Parser: pool, Ready: pool.Ready, Logger: log}), log)
	go func() { _ = srv.Serve(l) }()
	return pool.Run(context.Background()) // until it is killed
}

// serve serves h like the product until the test ends, and returns its address.
func serve(tb testing.TB, h http.Handler) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	srv := parserapi.Server(h, slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	tb.Cleanup(func() {
		_ = srv.Close()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// withDefaults adds the logger, the registerer and the clock that a test does not choose.
func withDefaults(d parserapi.ClientDeps) parserapi.ClientDeps {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Registerer == nil {
		d.Registerer = prometheus.NewRegistry()
	}
	if d.Clock == nil {
		d.Clock = time.Now
	}
	return d
}

// newHandler returns the routes of a parser, which logs nothing unless the test chooses a logger.
func newHandler(d parserapi.Deps) http.Handler {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return testenv.Must(parserapi.New(d))
}

func newClient(tb testing.TB, cfg parserapi.ClientDeps) *parserapi.Client {
	tb.Helper()
	c, err := parserapi.NewClient(withDefaults(cfg))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// runPool runs a pool with real children until the test ends.
func runPool(tb testing.TB) *parsepool.Pool {
	tb.Helper()
	pool := newPool(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- pool.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	testenv.Eventually(tb, "a child is ready", func() bool { return pool.Ready() == nil })
	return pool
}

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests", "documents", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// fake is a Parser of a test.
type fake func(ctx context.Context, pdf []byte) (document.Document, error)

func (f fake) Parse(ctx context.Context, pdf []byte) (document.Document, error) { return f(ctx, pdf) }

const soon = 30 * time.Second // longer than any expected wait of a test
