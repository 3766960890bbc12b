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
	"golang.org/x/term"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// change is what retry and delete have in common.
type change struct {
	*filterFlags
	verb, past string // "retry", "retried"
	all        bool
	dryRun     bool
	yes        bool
	json       bool

	one   func(*admin.Operator, context.Context, job.ID) error
	could func(*admin.Operator, context.Context, admin.Job) error // nil: always
	many  func(*admin.Operator, context.Context, admin.Bulk) (admin.Report, error)
}

func (p Process) queueRetry() *cobra.Command {
	ch := &change{
		verb: "retry", past: "retried", yes: true, // it can do no harm
		one: (*admin.Operator).Retry, could: (*admin.Operator).Retryable, many: (*admin.Operator).RetryAll,
	}
	c := &cobra.Command{
		Use:   "retry [ID...]",
		Short: "Run dead jobs again; let waiting ones wait no longer",
		Long: "Run jobs again: those that are named, or those that fit the flags (--state is dead if it is not said).\n" +
			"A dead job begins anew, with its id and its owner. That of a document needs the document, which is kept where the\n" +
			"workers have TMD_KEEP_FAILED_UPLOADS=true. A job that waits for its next attempt waits no longer.",
	}
	ch.flags(c)
	c.RunE = func(cmd *cobra.Command, ids []string) error { return p.change(cmd.Context(), ch, ids) }
	return c
}

func (p Process) queueDelete() *cobra.Command {
	ch := &change{verb: "delete", past: "deleted", one: (*admin.Operator).Delete, many: (*admin.Operator).DeleteAll}
	c := &cobra.Command{
		Use:   "delete [ID...]",
		Short: "Forget jobs: their documents, records, results and tasks",
		Long: "Forget jobs: those that are named, or those that fit the flags (--state is dead if it is not said).\n" +
			"A worker that runs one of them can write nothing more of it.",
	}
	ch.flags(c)
	c.Flags().BoolVar(&ch.yes, "yes", false, "do not ask before many are deleted")
	c.RunE = func(cmd *cobra.Command, ids []string) error { return p.change(cmd.Context(), ch, ids) }
	return c
}

func (ch *change) flags(c *cobra.Command) {
	ch.filterFlags = addFilterFlags(c)
	c.Flags().BoolVar(&ch.all, "all", false, "all that are in the state, without any other filter")
	c.Flags().BoolVar(&ch.dryRun, "dry-run", false, "print which jobs are meant, and do nothing")
	c.Flags().BoolVar(&ch.json, "json", false, "print JSON: {dryRun, jobs, failed}")
}

func (p Process) change(ctx context.Context, ch *change, ids []string) error {
	filtered := ch.set() || ch.all
	switch {
	case len(ids) > 0 && filtered:
		return usage(errors.New("name jobs or say which ones with flags, not both"))
	case len(ids) == 0 && !filtered:
		return usage(fmt.Errorf("say which jobs are meant: name them, or use --state, --code and the like, or --all for all dead ones"))
	}
	return p.operators(ctx, theDocuments, func(ctx context.Context, o *admin.Operator) error {
		var (
			report admin.Report
			err    error
		)
		if len(ids) > 0 {
			report, err = ch.named(ctx, o, ids)
		} else {
			report, err = p.filtered(ctx, ch, o)
		}
		// What was done before something broke is told in any case.
		if err == nil || len(report.Jobs)+len(report.Failed) > 0 {
			err = errors.Join(err, p.printReport(ch, report))
		}
		if err == nil && len(report.Failed) > 0 {
			return &exit{code: exitFailed}
		}
		return err
	})
}

// named changes the jobs that are named.
func (ch *change) named(ctx context.Context, o *admin.Operator, ids []string) (admin.Report, error) {
	report := admin.Report{DryRun: ch.dryRun, Jobs: []admin.Job{}, Failed: []admin.Refusal{}}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		d, err := o.Show(ctx, job.ID(name))
		switch {
		case err != nil:
		case !ch.dryRun:
			err = ch.one(o, ctx, d.ID)
		case ch.could != nil:
			err = ch.could(o, ctx, d.Job)
		}
		switch code := fault.CodeOf(err); {
		case err == nil:
		case ctx.Err() != nil, code.Outage():
			return report, err
		default:
			j := d.Job
			j.ID = job.ID(name)
			report.Failed = append(report.Failed, admin.Refusal{Job: j, Reason: code, Detail: fault.From(err).Message()})
			continue
		}
		report.Jobs = append(report.Jobs, d.Job)
	}
	return report, nil
}

// filtered changes all jobs that fit, page by page.
func (p Process) filtered(ctx context.Context, ch *change, o *admin.Operator) (admin.Report, error) {
	filter := ch.filter()
	if len(filter.States) == 0 {
		filter.States = []admin.State{admin.Dead}
	}
	if !ch.yes && !ch.dryRun {
		meant, err := ch.walk(ctx, o, filter, true)
		if err != nil || len(meant.Jobs) == 0 {
			return meant, err
		}
		if err := p.confirm(fmt.Sprintf("%s %s?", ch.verb, counted(len(meant.Jobs)))); err != nil {
			return admin.Report{}, err
		}
	}
	return ch.walk(ctx, o, filter, ch.dryRun)
}

func (ch *change) walk(ctx context.Context, o *admin.Operator, filter admin.Filter, dryRun bool) (admin.Report, error) {
	total := admin.Report{DryRun: dryRun, Jobs: []admin.Job{}, Failed: []admin.Refusal{}}
	b := admin.Bulk{Filter: filter, Page: admin.Page{Limit: bulkPage}, DryRun: dryRun}
	for {
		report, err := ch.many(o, ctx, b)
		total.Jobs, total.Failed = append(total.Jobs, report.Jobs...), append(total.Failed, report.Failed...)
		if err != nil || report.Next == "" {
			return total, err
		}
		b.Cursor = report.Next
	}
}

// confirm asks a person.
func (p Process) confirm(question string) error {
	f, ok := p.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return usage(errors.New("nobody can be asked here: look with --dry-run, then say --yes"))
	}
	fmt.Fprintf(p.Stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(p.Stdin).ReadString('\n')
	if err != nil || !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
		return &exit{exitFailed, errors.New("nothing was done")}
	}
	return nil
}

func counted(n int) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}
