package parsepool_test

import (
	"context"
	"os"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
)

// servePDF is a child as the product has it.
func servePDF() error {
	extractor, err := pdftext.New(pdftext.Config{CacheDir: os.Getenv("TMD_CACHE_DIR")})
	if err != nil {
		return err
	}
	return parsepool.Serve(os.Stdin, os.Stdout, func(ctx context.Context, pdf []byte) (document.Document, error) {
		pages, err := extractor.Pages(ctx, pdf)
		if err != nil {
			return document.Document{}, err
		}
		return document.Read(pages)
	})
}
