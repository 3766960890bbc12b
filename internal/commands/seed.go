package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/seeding"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newSeedCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:     "seed",
		Short:   "Load the catalogue into MongoDB, safely again and again",
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var settings config.Seed
			if err := config.Load(&settings, p.Environ); err != nil {
				return err
			}
			return seeding.SeedDatabase(cmd.Context(), settings, p.Stdout, p.Stderr)
		},
	}
}
