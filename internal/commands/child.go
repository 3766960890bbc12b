package commands

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
)

const childCommand = "parser-child"

// cacheDirVariable is all that a child knows of the environment.
const cacheDirVariable = "TMD_CACHE_DIR"

// newPool makes the pool of children that read documents: this program, run again.
func newPool(c config.Pool, log *slog.Logger, reg prometheus.Registerer) *parsepool.Pool {
	if err := seedCache(c.CacheDir, c.CacheSeed); err != nil {
		log.Warn("compiled WebAssembly that the image brings is not used", "error", err)
	}
	return parsepool.New(parsepool.Deps{
		Command:     []string{childCommand},
		Env:         []string{cacheDirVariable + "=" + c.CacheDir},
		Size:        c.Children,
		Deadline:    c.Deadline,
		MemoryLimit: int64(c.Memory),
		Logger:      log,
		Registerer:  reg,
		Clock:       time.Now,
	})
}

// childCommand is what the pool runs: it reads documents from standard input until that ends.
func (p Process) childCommand() *cobra.Command {
	return &cobra.Command{
		Use:    childCommand,
		Short:  "Read documents for the parser that started this process",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var cacheDir string
			for _, variable := range p.Environ {
				if dir, ok := strings.CutPrefix(variable, cacheDirVariable+"="); ok {
					cacheDir = dir
				}
			}
			extractor, err := pdftext.New(pdftext.Config{CacheDir: cacheDir})
			if err != nil {
				return err
			}
			// The process is the sandbox: it ends with its input, and nothing needs to be closed before.
			return parsepool.Serve(p.Stdin, p.Stdout, func(ctx context.Context, pdf []byte) (document.Document, error) {
				pages, err := extractor.Pages(ctx, pdf)
				if err != nil {
					return document.Document{}, err
				}
				return document.Read(pages)
			})
		},
	}
}
