package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/seeding"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/catalogueimport"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newCatalogueImportCommand(p program.Process) *cobra.Command {
	var dryRun, asJSON bool
	c := &cobra.Command{
		Use:   "import FOLDER",
		Short: "Load the editions of a folder in addition to those that are loaded",
		Long: "Load the editions of a folder in addition to those that are loaded; an edition of the same year takes the place of the loaded\n" +
			"one. An edition with faults changes nothing. With --dry-run nothing is stored: the command prints how many saved\n" +
			"timelines are of a degree that changes, and how their remaining credits change. It names no person and no timeline.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, store, settings, err := openForEditions(cmd.Context(), p, args[0])
			if err != nil {
				return err
			}
			defer store.Close()
			if dryRun {
				return printInvalid(p.Stderr, previewImport(cmd.Context(), p, store, sources, asJSON))
			}
			if err := seeding.ImportEditions(cmd.Context(), store, sources, p.Stdout); err != nil {
				return printInvalid(p.Stderr, err)
			}
			return seeding.DropCachedResponses(cmd.Context(), settings.CacheURL, settings.RedisTLS, p.Stdout, p.Stderr)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "store nothing; print what changes for the saved timelines")
	c.Flags().BoolVar(&asJSON, "json", false, "with --dry-run, print JSON: {timelines, changed, broken, degrees}")
	return c
}

func newImporter(store catalogueimport.Store) (*catalogueimport.Importer, error) {
	return catalogueimport.New(catalogueimport.Deps{Store: store, Clock: time.Now})
}

func previewImport(ctx context.Context, p program.Process, store catalogueimport.Store, sources []catalogue.Source, asJSON bool) error {
	importer, err := newImporter(store)
	if err != nil {
		return err
	}
	impact, err := importer.PreviewImport(ctx, sources)
	if err != nil {
		return err
	}
	if asJSON {
		return render.WriteUnescapedJSON(p.Stdout, impact)
	}
	return render.WriteImpact(p.Stdout, impact)
}

// printInvalid prints every fault of an edition; the error itself names the first.
func printInvalid(w io.Writer, err error) error {
	if invalid := (*catalogueimport.InvalidError)(nil); errors.As(err, &invalid) {
		for _, f := range invalid.Faults {
			fmt.Fprintln(w, f)
		}
	}
	return err
}
