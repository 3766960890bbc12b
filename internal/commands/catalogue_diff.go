package commands

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/catalogueimport"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newCatalogueDiffCommand(p program.Process) *cobra.Command {
	var (
		against string
		asJSON  bool
	)
	c := &cobra.Command{
		Use:   "diff FOLDER",
		Short: "Print what differs from the editions that are loaded",
		Long: "Print what differs from the editions that are loaded, by file and entry. Each edition is compared with the loaded one\n" +
			"of its year, else with the nearest earlier one.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, store, _, err := openForEditions(cmd.Context(), p, args[0])
			if err != nil {
				return err
			}
			defer store.Close()
			importer, err := newImporter(store)
			if err != nil {
				return err
			}
			stored, err := importer.LoadStored(cmd.Context())
			if err != nil {
				return err
			}
			diffs, err := diffEditions(stored, sources, against)
			if err != nil {
				return err
			}
			if asJSON {
				return render.WriteUnescapedJSON(p.Stdout, struct {
					Editions []render.EditionDiff `json:"editions"`
				}{diffs})
			}
			return render.WriteEditionDiffs(p.Stdout, diffs)
		},
	}
	c.Flags().StringVar(&against, "against", "", "the loaded edition to compare with, 2026-27")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: {editions: [{calendar, against, changes}]}")
	return c
}

// diffEditions compares editions with the stored one that against names, else each with its predecessor.
func diffEditions(stored []catalogue.Data, sources []catalogue.Source, against string) ([]render.EditionDiff, error) {
	diffs := make([]render.EditionDiff, 0, len(sources))
	for _, s := range sources {
		before, ok := catalogueimport.FindPredecessor(stored, s.Data.Calendar)
		if against != "" {
			before, ok = catalogueimport.FindPredecessor(stored, against)
			if !ok || before.Calendar != against {
				return nil, program.UsageError(fmt.Errorf("the edition %q is not loaded", against))
			}
		}
		if !ok {
			return nil, errors.New("no edition is loaded: run tmd seed")
		}
		diffs = append(diffs, render.EditionDiff{
			Calendar: s.Data.Calendar, Against: before.Calendar, Changes: append([]catalogue.Change{}, catalogue.DiffData(before, s.Data)...),
		})
	}
	return diffs, nil
}
