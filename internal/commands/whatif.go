package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newWhatIfCommand(p program.Process) *cobra.Command {
	var o adviceOptions
	c := &cobra.Command{
		Use:   "whatif FILE|JOB|TIMELINE",
		Short: "Compare a record with every degree, the nearest first",
		Long: "Compare a record with every degree, the nearest first. `tmd audit --degree ID` prints the whole audit under one.\n" +
			adviceUse + "\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdvised(cmd.Context(), p, o, args[0], func(ctx context.Context, a advised) error {
				out, err := a.compareDegrees(ctx)
				switch {
				case err != nil:
					return err
				case o.json:
					return render.WriteUnescapedJSON(p.Stdout, out)
				}
				return render.WriteComparison(p.Stdout, out)
			})
		},
	}
	o.addFlags(c)
	return c
}

func (a advised) compareDegrees(ctx context.Context) (*advising.Comparison, error) {
	if a.local != nil {
		return a.local.CompareDegrees(ctx)
	}
	return a.client.CompareDegrees(ctx, a.path)
}
