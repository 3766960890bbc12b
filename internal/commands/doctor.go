package commands

import (
	"fmt"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/app/doctor"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newDoctorCommand(p program.Process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Try every dependency once, and print what to change",
		Long: `Try every dependency once, and print what to change: Redis with its rights and its settings, the database and its
catalogue, the storage of uploads, and, where their settings are given, the cache, the parser, the identity
provider and KEDA's triggers. Run it where a worker or the API runs, which have the settings, the rights and the network policies. Exit
code 1 when a check failed.`,
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var settings config.Doctor
			if err := config.Load(&settings, p.Environ, app.SettingChecks()...); err != nil {
				return err
			}
			program.LogRedis(slog.New(slog.DiscardHandler)) // the findings say it
			findings := doctor.CheckInstallation(cmd.Context(), settings)
			if err := printFindings(p, findings, asJSON); err != nil {
				return err
			}
			if doctor.HasFailed(findings) {
				return &program.ExitError{Code: program.ExitFailed}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printFindings(p program.Process, findings []doctor.Finding, asJSON bool) error {
	if asJSON {
		return render.WriteJSON(p.Stdout, struct {
			Version  string           `json:"version"`
			Findings []doctor.Finding `json:"findings"`
		}{program.BuildVersion(), findings})
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.State, f.Check, f.Detail)
	}
	return table.Flush()
}
