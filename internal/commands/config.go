package commands

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newConfigCommand(p program.Process) *cobra.Command {
	var names []string
	for _, r := range config.Roles() {
		names = append(names, r.Name)
	}
	return &cobra.Command{
		Use:       "config [ROLE]",
		Short:     "Print the settings in force, secrets hidden, and where each came from",
		Long:      "Print the settings in force, secrets hidden, and where each came from. Roles: " + strings.Join(names, ", ") + ".\nFaults are printed below, and end with exit code 2.",
		GroupID:   "tools",
		ValidArgs: names,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		RunE: func(_ *cobra.Command, args []string) error {
			role := "all"
			if len(args) == 1 {
				role = args[0]
			}
			return printConfig(p, role)
		},
	}
}

func printConfig(p program.Process, role string) error {
	roles := config.Roles()
	i := slices.IndexFunc(roles, func(r config.Role) bool { return r.Name == role })
	settings, err := config.Describe(roles[i].New(), p.Environ, app.SettingChecks()...)
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "# %s\nVARIABLE\tVALUE\tFROM\n", roles[i].Command())
	for _, s := range settings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.Value, s.Source)
	}
	if flushErr := table.Flush(); flushErr != nil {
		return flushErr
	}
	return err
}
