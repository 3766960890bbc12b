// Package parserchild runs this program again as the sandbox of the parser: one child process reads one document at a
// time.
package parserchild

import (
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
)

// Command is the argument that makes this program a child.
const Command = "parser-child"

// The settings that a child receives.
const (
	cacheDirVariable    = "TMD_CACHE_DIR"
	plainReaderVariable = "TMD_PARSER_PLAIN_READER"
)

// NewPool returns a pool of children. A missing dependency is an error.
func NewPool(c config.Pool, log *slog.Logger, reg prometheus.Registerer) (*parsepool.Pool, error) {
	if err := seedCache(c.CacheDir, c.CacheSeed); err != nil {
		log.Warn("the image's compiled WebAssembly is not used", "error", err)
	}
	return parsepool.New(parsepool.Deps{
		Command:     []string{Command},
		Env:         []string{cacheDirVariable + "=" + c.CacheDir, plainReaderVariable + "=" + strconv.FormatBool(c.PlainReader)},
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
	extractor, err := pdftext.New(pdftext.Config{CacheDir: findVariable(environ, cacheDirVariable)})
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
	r := &reader{pdfium: extractor.Pages}
	if findVariable(environ, plainReaderVariable) == strconv.FormatBool(true) {
		r.plain = plainpdf.Pages
	}
	return parsepool.Serve(in, out, notice, r.readDocument)
}

func findVariable(environ []string, name string) (value string) {
	for _, variable := range environ {
		if v, ok := strings.CutPrefix(variable, name+"="); ok {
			value = v
		}
	}
	return value
}
