package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newCatalogueSequencesCommand(p program.Process) *cobra.Command {
	var (
		calendar string
		asJSON   bool
	)
	c := &cobra.Command{
		Use:   "sequences DEGREE",
		Short: "Print the published sequences of a degree, term by term",
		Long:  "Print the published sequences of a degree, term by term, as the API (TMD_URL) has them.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var settings config.Upload
			if err := config.Load(&settings, p.Environ); err != nil {
				return err
			}
			api := apiclient.New(apiclient.Options{BaseURL: string(settings.URL), Token: settings.Token.Reveal(), MaxTries: uploadTries})
			defer api.CloseIdleConnections()
			sequences, err := api.ListSequences(cmd.Context(), args[0], calendar)
			if err != nil {
				return err
			}
			if asJSON {
				return render.WriteUnescapedJSON(p.Stdout, sequences)
			}
			return render.WriteSequences(p.Stdout, args[0], sequences)
		},
	}
	c.Flags().StringVar(&calendar, "calendar", "", "the edition, 2026-27; the newest when it is not given")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
