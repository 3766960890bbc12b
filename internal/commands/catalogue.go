package commands

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/seeding"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newCatalogueCommand(p program.Process) *cobra.Command {
	c := &cobra.Command{
		Use:   "catalogue",
		Short: "Check, compare and load editions of the catalogue",
		Long: "Check, compare and load editions of the catalogue.\n\nFOLDER holds the JSON files of one edition, or a folder or a zip file for each of several; it may be a zip file.\n" +
			"The store is MongoDB (MONGODB_URI), or without it the data folder of `tmd all` (TMD_DATA_DIR), which must not run.\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newCatalogueValidateCommand(p), newCatalogueDiffCommand(p), newCatalogueImportCommand(p), newCatalogueSequencesCommand(p))
	return c
}

// readEditions reads the editions of a folder or of a zip file.
func readEditions(path string) ([]catalogue.Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, program.UsageError(err)
	}
	folder := os.DirFS(path)
	if !info.IsDir() {
		archive, err := zip.OpenReader(path)
		if errors.Is(err, zip.ErrFormat) {
			return nil, program.UsageError(fmt.Errorf("%s is neither a folder nor a zip file", path))
		}
		if err != nil {
			return nil, err
		}
		defer func() { _ = archive.Close() }()
		folder = archive
		if inner, err := fs.ReadDir(archive, "."); err == nil && len(inner) == 1 && inner[0].IsDir() && filepath.Ext(path) == ".zip" {
			if folder, err = fs.Sub(archive, inner[0].Name()); err != nil {
				return nil, err
			}
		}
	}
	return catalogue.ReadEditions(folder)
}

// openForEditions reads the editions of a folder and opens the store that the environment names. The caller closes it.
func openForEditions(ctx context.Context, p program.Process, folder string) ([]catalogue.Source, seeding.Store, config.Catalogue, error) {
	var settings config.Catalogue
	sources, err := readEditions(folder)
	if err != nil {
		return nil, seeding.Store{}, settings, err
	}
	if err := config.Load(&settings, p.Environ); err != nil {
		return nil, seeding.Store{}, settings, err
	}
	store, err := seeding.OpenStore(ctx, settings)
	return sources, store, settings, err
}
