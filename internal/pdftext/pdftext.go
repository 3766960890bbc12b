// Package pdftext turns the bytes of a PDF into words with coordinates. The reader is PDFium compiled to WebAssembly: it
// has no file, no network and no clock of ours, and memory up to a limit, so a document can hurt only the instance that
// reads it. What is left to contain is time: an instance cannot be interrupted (the check would cost three to five times
// the whole reading), so an Extractor belongs in a process that can be killed.
package pdftext

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// DefaultMemory is what one document may take of the sandbox. The longest record that is known takes 20 MiB; a
	// stream that expands without end is stopped here, long before the deadline.
	DefaultMemory = 128 << 20

	// maxObjects is what a page may hold: paths, pictures and runs of text. A page of a record has some hundreds.
	maxObjects = 100_000

	wasmPage = 64 << 10
)

// Config is what an Extractor needs.
type Config struct {
	// CacheDir keeps the compiled module between starts: 0.1 s and 50 MB instead of 3 s and 340 MB. Empty means none.
	CacheDir string
	// Memory is the limit in bytes of the sandbox; DefaultMemory when zero.
	Memory int64
}

// Extractor reads PDFs, one at a time: Pages waits for the call before it.
type Extractor struct {
	mu    sync.Mutex
	cache wazero.CompilationCache
	pool  pdfium.Pool
	// started is the module that the pool has started last; see captureModule.
	started  api.Module
	instance pdfium.Pdfium
	reader   *reader
}

// New starts the sandbox and its first instance.
func New(cfg Config) (*Extractor, error) {
	if cfg.Memory == 0 {
		cfg.Memory = DefaultMemory
	}
	e := &Extractor{}
	runtime := wazero.NewRuntimeConfigCompiler().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(cfg.Memory / wasmPage))
	if cfg.CacheDir != "" {
		var err error
		if e.cache, err = wazero.NewCompilationCacheWithDir(cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("compilation cache: %w", err)
		}
		runtime = runtime.WithCompilationCache(e.cache)
	}
	var err error
	e.pool, err = webassembly.Init(webassembly.Config{
		Context:       experimental.WithFunctionListenerFactory(context.Background(), captureModule{&e.started}),
		MaxIdle:       1,
		MaxTotal:      1,
		RuntimeConfig: runtime,
		FSConfig:      wazero.NewFSConfig(), // the library's default gives the whole disk
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start pdfium: %w", err), e.Close())
	}
	if err := e.start(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// start gives the extractor an instance that no document has touched.
func (e *Extractor) start() error {
	instance, err := e.pool.GetInstance(time.Minute)
	if err != nil {
		return fmt.Errorf("start a pdfium instance: %w", err)
	}
	r, err := newReader(e.started)
	if err != nil {
		return errors.Join(err, instance.Close())
	}
	e.instance, e.reader = instance, r
	return nil
}

// discard ends the instance; the next document gets a new one.
func (e *Extractor) discard() error {
	if e.instance == nil {
		return nil
	}
	err := e.instance.Close()
	e.instance, e.reader = nil, nil
	return err
}

// Pages returns the words of every page, no_text when there are none. Other faults are not_a_pdf, encrypted, corrupt,
// too_many_pages and too_complex. A context that has ended is noticed between pages only.
func (e *Extractor) Pages(ctx context.Context, pdf []byte) ([]document.Page, error) {
	if err := document.Sniff(pdf[:min(len(pdf), document.SniffLength)]); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pool == nil {
		return nil, errors.New("pdftext: the extractor is closed")
	}
	if e.reader == nil {
		if err := e.start(); err != nil {
			return nil, err
		}
	}
	pages, err := e.reader.read(ctx, pdf)
	if clean := e.reader.reset(); !clean || errors.Is(err, errTrap) {
		err = errors.Join(err, e.discard())
	}
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		if len(p.Words) > 0 {
			return pages, nil
		}
	}
	return nil, fault.New(fault.NoText)
}

// Close ends the sandbox.
func (e *Extractor) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.discard()
	if e.pool != nil {
		err = errors.Join(err, e.pool.Close())
		e.pool = nil
	}
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(context.Background()))
		e.cache = nil
	}
	return err
}

// captureModule takes the WebAssembly module out of the library's hands as it starts. Through the library's own calls a
// character costs four crossings, each with an allocation inside the sandbox and a handle looked up outside; on the
// module itself it costs two plain calls, and a document takes a third of the time.
type captureModule struct{ module *api.Module }

// NewFunctionListener listens to the one function that every instance calls once, before any document.
func (c captureModule) NewFunctionListener(f api.FunctionDefinition) experimental.FunctionListener {
	for _, name := range f.ExportNames() {
		if name == "FPDF_InitLibrary" {
			return experimental.FunctionListenerFunc(
				func(_ context.Context, m api.Module, _ api.FunctionDefinition, _ []uint64, _ experimental.StackIterator) {
					*c.module = m
				})
		}
	}
	return nil
}
