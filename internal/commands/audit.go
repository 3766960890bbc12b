package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newAuditCommand(p program.Process) *cobra.Command {
	var o adviceOptions
	var degree, explain string
	c := &cobra.Command{
		Use:     "audit FILE|JOB|TIMELINE",
		Short:   "Print what a degree still needs, and why each course counts where it does",
		Long:    "Print what a degree still needs: its requirements, the rules that are broken, the earliest term of graduation.\n" + adviceUse + "\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdvised(cmd.Context(), p, o, args[0], func(ctx context.Context, a advised) error {
				out, err := a.loadAudit(ctx, degree)
				switch {
				case err != nil:
					return err
				case explain != "":
					return render.WriteExplanation(p.Stdout, out, explain)
				case o.json:
					return render.WriteUnescapedJSON(p.Stdout, out)
				}
				return render.WriteAudit(p.Stdout, out)
			})
		},
	}
	o.addFlags(c)
	c.Flags().StringVar(&degree, "degree", "", "audit the record under another degree, by its id")
	c.Flags().StringVar(&explain, "explain", "", "print only where a course counts and why, COMP 248")
	return c
}

// loadAudit returns the audit under a degree, under the timeline's own when degree is empty.
func (a advised) loadAudit(ctx context.Context, degree string) (*audit.Audit, error) {
	if a.local != nil {
		return a.local.Audit(ctx, degree)
	}
	return a.client.LoadAudit(ctx, a.path, degree)
}
