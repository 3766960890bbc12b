// Package parserchild runs this program again as the sandbox of the parser: one child process reads one document at a
// time.
package parserchild

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
)

// Command is the argument that makes this program a child.
const Command = "parser-child"

// cacheDirVariable is the only setting that a child receives.
const cacheDirVariable = "TMD_CACHE_DIR"

// NewPool returns a pool of children. A missing dependency is an error.
func NewPool(c config.Pool, log *slog.Logger, reg prometheus.Registerer) (*parsepool.Pool, error) {
	if err := seedCache(c.CacheDir, c.CacheSeed); err != nil {
		log.Warn("the image's compiled WebAssembly is not used", "error", err)
	}
	return parsepool.New(parsepool.Deps{
		Command:     []string{Command},
		Env:         []string{cacheDirVariable + "=" + c.CacheDir},
		Size:        c.Children,
		Deadline:    c.Deadline,
		MemoryLimit: int64(c.Memory),
		Logger:      log,
		Registerer:  reg,
		Clock:       time.Now,
	})
}

// Serve is the work of a child: it reads documents from in until in ends, and writes their facts to out.
func Serve(environ []string, in io.Reader, out io.Writer) error {
	extractor, err := pdftext.New(pdftext.Config{CacheDir: findCacheDir(environ)})
	if err != nil {
		return err
	}
	var notice string
	if problem := extractor.CacheProblem(); problem != nil {
		notice = "the compiled parser cannot be cached, so each child compiles it again: correct the folder TMD_CACHE_DIR: " + problem.Error()
	}
	if shared := parsepool.OpenSharedMemory(environ); shared != nil {
		if err := errors.Join(extractor.ShareCode(shared), shared.Close()); err != nil {
			notice = strings.TrimPrefix(notice+"; each child keeps its own copy of the compiled parser, 20 MB: "+err.Error(), "; ")
		}
	}
	// The process is the sandbox: it ends with its input, so the extractor needs no Close.
	return parsepool.Serve(in, out, notice, func(ctx context.Context, pdf []byte) (document.Document, error) {
		pages, err := extractor.Pages(ctx, pdf)
		if err != nil {
			return document.Document{}, err
		}
		return document.Read(pages)
	})
}

func findCacheDir(environ []string) (cacheDir string) {
	for _, variable := range environ {
		if dir, ok := strings.CutPrefix(variable, cacheDirVariable+"="); ok {
			cacheDir = dir
		}
	}
	return cacheDir
}
