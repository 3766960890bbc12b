package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/catalogueimport"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newCatalogueValidateCommand(p program.Process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "validate FOLDER",
		Short: "Print every fault of the editions of a folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			sources, err := readEditions(args[0])
			if err != nil {
				return err
			}
			faults, known := catalogueimport.ValidateSources(sources)
			if asJSON {
				err = render.WriteUnescapedJSON(p.Stdout, struct {
					Faults []catalogueimport.Fault `json:"faults"`
					Known  []catalogueimport.Fault `json:"known"`
				}{append([]catalogueimport.Fault{}, faults...), append([]catalogueimport.Fault{}, known...)})
			} else {
				err = render.WriteCatalogueCheck(p.Stdout, sources, faults, known)
			}
			if err == nil && len(faults) > 0 {
				err = fmt.Errorf("the catalogue has %d faults", len(faults))
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: {faults, known}")
	return c
}
