// Package pdftext turns the bytes of a PDF into words with coordinates. The reader is PDFium compiled to WebAssembly.
// It has no access to files, network or clock, and its memory is limited, so a document can damage only the instance
// that reads it. Only time is not limited: an instance cannot be interrupted (the check would multiply the reading
// time by three to five), so an Extractor belongs in a process that can be killed.
package pdftext

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sync/errgroup"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// instanceMemory is the limit, in bytes, of the memory of an instance for one document. The longest known record
	// takes 19 MiB. The limit stops a stream that expands without end, long before the deadline.
	instanceMemory = 64 << 20

	// instances is the number of instances that read the pages of a long document in turn; longPages is the number of
	// pages from which on it is long. A short one is finished before the second instance has found its first page.
	instances = 2
	longPages = 6

	// maxObjects bounds the objects of a page: paths, pictures and runs of text. A page of a record has some
	// hundreds.
	maxObjects = 100_000
	// maxAllObjects bounds the objects of all pages. The longest record fits with one run of text for each character,
	// and its rules. Without the limit, one page that is listed 60 times takes 10 s of two cores.
	maxAllObjects = document.MaxCharacters + maxObjects

	wasmPage = 64 << 10
)

// Config configures an Extractor.
type Config struct {
	// CacheDir stores the compiled module between starts: 0.1 s and 50 MB instead of 3 s and 340 MB. Empty means
	// none. A folder that cannot be used costs time only; see CacheProblem.
	CacheDir string
}

// Extractor reads PDFs, one at a time: Pages waits for the previous call.
type Extractor struct {
	mu    sync.Mutex
	cache *moduleCache // nil without one
	// cacheProblem is why the next start compiles the module again.
	cacheProblem error
	pool         pdfium.Pool
	// started is the module that the pool started last; see captureModule.
	started   api.Module
	instances [instances]instance
}

// instance is one PDFium with its memory, nil until it is needed.
type instance struct {
	handle pdfium.Pdfium
	reader *reader
}

// New starts the sandbox and its first instance.
func New(cfg Config) (*Extractor, error) {
	e := &Extractor{}
	if cfg.CacheDir != "" {
		e.cache, e.cacheProblem = openModuleCache(cfg.CacheDir)
	}
	if err := e.startPool(); err != nil {
		return nil, errors.Join(fmt.Errorf("start pdfium: %w", err), e.Close())
	}
	if err := e.startInstance(0); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// startPool starts the sandbox with the cache if possible, and without it otherwise.
func (e *Extractor) startPool() error {
	var err error
	if e.pool, err = e.openPool(); err == nil {
		if e.cache != nil {
			e.cacheProblem = e.cache.saveSums()
		}
		return nil
	}
	if e.cache == nil {
		return err
	}
	// The library fails when it cannot write what it has compiled, and its cache in memory is incomplete then.
	unusable := e.cache
	e.cache, e.cacheProblem = nil, err
	e.pool, err = e.openPool()
	return errors.Join(err, unusable.close())
}

// openPool loads or compiles the module, and prepares its instances.
func (e *Extractor) openPool() (pdfium.Pool, error) {
	runtime := wazero.NewRuntimeConfigCompiler().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(instanceMemory / wasmPage)
	if e.cache != nil {
		runtime = runtime.WithCompilationCache(e.cache.compiled)
	}
	ctx := experimental.WithFunctionListenerFactory(context.Background(), captureModule{&e.started})
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(reserveMemory))
	return webassembly.Init(webassembly.Config{
		Context:       ctx,
		MaxIdle:       instances,
		MaxTotal:      instances,
		RuntimeConfig: runtime,
		FSConfig:      wazero.NewFSConfig(), // the library's default exposes the whole disk
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
}

// CacheProblem returns why the next start has to compile the module again; nil when the cache was used or filled.
func (e *Extractor) CacheProblem() error { return e.cacheProblem }

// startInstance ensures that there is an instance at the index. No document has touched it, or it has been reset
// since.
func (e *Extractor) startInstance(index int) error {
	if e.instances[index].reader != nil {
		return nil
	}
	handle, err := e.pool.GetInstance(time.Minute)
	if err != nil {
		return fmt.Errorf("start a pdfium instance: %w", err)
	}
	r, err := newReader(e.started)
	if err != nil {
		return errors.Join(err, handle.Close())
	}
	e.instances[index] = instance{handle, r}
	return nil
}

// cleanInstances prepares the instances for the next document: it ends those that have trapped, or that have grown
// too large.
func (e *Extractor) cleanInstances() error {
	var errs []error
	for i := range e.instances {
		if r := e.instances[i].reader; r != nil && !r.resetMemory() {
			errs = append(errs, e.instances[i].handle.Close())
			e.instances[i] = instance{}
		}
	}
	return errors.Join(errs...)
}

// Pages returns the words of every page, no_text when there are none. Other faults are not_a_pdf, encrypted, corrupt,
// too_many_pages and too_complex. It checks the context between pages only.
func (e *Extractor) Pages(ctx context.Context, pdf []byte) ([]document.Page, error) {
	if err := document.Sniff(pdf[:min(len(pdf), document.SniffLength)]); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pool == nil {
		return nil, errors.New("pdftext: the extractor is closed")
	}
	pages, err := e.readDocument(ctx, pdf)
	if err := errors.Join(err, e.cleanInstances()); err != nil {
		return nil, err
	}
	for _, p := range pages {
		if len(p.Words) > 0 {
			return pages, nil
		}
	}
	return nil, fault.New(fault.NoText)
}

// budget is the remaining characters and objects of a document.
type budget struct{ characters, objects atomic.Int64 }

// readDocument reads the pages, those of a long document with all instances.
func (e *Extractor) readDocument(ctx context.Context, pdf []byte) ([]document.Page, error) {
	if err := e.startInstance(0); err != nil {
		return nil, err
	}
	doc, n, err := e.instances[0].reader.openDocument(pdf)
	if err != nil {
		return nil, err
	}
	step := 1
	if n >= longPages {
		step = instances
	}
	pages := make([]document.Page, n)
	layers := hasLayers(pdf)
	var left budget
	left.characters.Store(document.MaxCharacters)
	left.objects.Store(maxAllObjects)
	group, ctx := errgroup.WithContext(ctx)
	for i := range step {
		if err := e.startInstance(i); err != nil {
			return nil, errors.Join(err, group.Wait())
		}
		r := e.instances[i].reader
		group.Go(func() error {
			doc := doc
			if i > 0 {
				var err error
				if doc, _, err = r.openDocument(pdf); err != nil {
					return err
				}
			}
			for at := i; at < n; at += step {
				if err := ctx.Err(); err != nil {
					return err
				}
				page, err := r.readPage(doc, at, &left, layers)
				if err != nil {
					return fmt.Errorf("page %d: %w", at+1, err)
				}
				pages[at] = page
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return pages, nil
}

// Close ends the sandbox.
func (e *Extractor) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	for i := range e.instances {
		if h := e.instances[i].handle; h != nil {
			err = errors.Join(err, h.Close())
			e.instances[i] = instance{}
		}
	}
	if e.pool != nil {
		err = errors.Join(err, e.pool.Close())
		e.pool = nil
	}
	if e.cache != nil {
		err = errors.Join(err, e.cache.close())
		e.cache = nil
	}
	return err
}

// captureModule captures the WebAssembly module from the library when it starts. Through the library's own calls a
// character costs four crossings, each with an allocation inside of the sandbox and a handle lookup outside; on the
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
