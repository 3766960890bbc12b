package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/commands/bulkchange"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// changeCommand holds what retry and delete have in common.
type changeCommand struct {
	*jobFilterFlags
	bulkchange.Change
	all         bool
	dryRun      bool
	unconfirmed bool // many jobs are changed without asking
	json        bool
}

func (ch *changeCommand) addFlags(c *cobra.Command) {
	ch.jobFilterFlags = addJobFilterFlags(c)
	c.Flags().BoolVar(&ch.all, "all", false, "all that are in the state, without any other filter")
	c.Flags().BoolVar(&ch.dryRun, "dry-run", false, "print which jobs are meant, and do nothing")
	c.Flags().BoolVar(&ch.json, "json", false, "print JSON: {dryRun, jobs, failed}")
}

func (ch *changeCommand) run(ctx context.Context, p program.Process, ids []string) error {
	filtered := ch.isSet() || ch.all
	switch {
	case len(ids) > 0 && filtered:
		return program.UsageError(errors.New("name jobs or say which ones with flags, not both"))
	case len(ids) == 0 && !filtered:
		return program.UsageError(fmt.Errorf("say which jobs are meant: name them, or use --state, --code and the like, or --all for all dead ones"))
	}
	return app.RunAdmin(ctx, p, app.UploadsRequired, func(ctx context.Context, o *admin.Service) error {
		report, err := ch.apply(ctx, p, o, ids)
		// Changes before an error are always printed.
		if err == nil || len(report.Jobs)+len(report.Failed) > 0 {
			err = errors.Join(err, ch.printReport(p, report))
		}
		if err == nil && len(report.Failed) > 0 {
			return &program.ExitError{Code: program.ExitFailed}
		}
		return err
	})
}

// apply changes the named jobs, or those that the flags select. It may ask for confirmation of the latter.
func (ch *changeCommand) apply(ctx context.Context, p program.Process, o *admin.Service, ids []string) (admin.BulkReport, error) {
	if len(ids) > 0 {
		return ch.ApplyToNamed(ctx, o, ids, ch.dryRun)
	}
	filter := ch.toFilter()
	if len(filter.States) == 0 {
		filter.States = []admin.State{admin.Dead}
	}
	if !ch.unconfirmed && !ch.dryRun {
		preview, err := ch.ApplyToAll(ctx, o, filter, true)
		if err != nil || len(preview.Jobs) == 0 {
			return preview, err
		}
		if err := askConfirmation(p, fmt.Sprintf("%s %s?", ch.Verb, render.CountJobs(len(preview.Jobs)))); err != nil {
			return admin.BulkReport{}, err
		}
	}
	return ch.ApplyToAll(ctx, o, filter, ch.dryRun)
}

func (ch *changeCommand) printReport(p program.Process, r admin.BulkReport) error {
	if ch.json {
		return render.WriteJSON(p.Stdout, r)
	}
	return render.WriteReport(p.Stdout, p.Stderr, ch.Past, r)
}

// askConfirmation asks at the terminal. Without one it refuses.
func askConfirmation(p program.Process, question string) error {
	if f, ok := p.Stdin.(*os.File); !ok || !program.IsTerminal(f) {
		return program.UsageError(errors.New("confirmation needs a terminal: check with --dry-run, then pass --yes"))
	}
	fmt.Fprintf(p.Stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(p.Stdin).ReadString('\n')
	if err != nil || !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
		return &program.ExitError{Code: program.ExitFailed, Err: errors.New("nothing was done")}
	}
	return nil
}
