package commands

import (
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// jobFilterFlags are the flags that select jobs.
type jobFilterFlags struct {
	flags                *pflag.FlagSet
	states               []string
	queue, kind, code    string
	olderThan, newerThan time.Duration
}

func addJobFilterFlags(c *cobra.Command) *jobFilterFlags {
	f := &jobFilterFlags{flags: c.Flags()}
	f.flags.StringSliceVar(&f.states, "state", nil, "where the jobs are: pending, active, retry, scheduled or dead; several with commas")
	f.flags.StringVar(&f.queue, "queue", "", "the name of a queue")
	f.flags.StringVar(&f.kind, "kind", "", "what the jobs are made of: file, body, timelineData or plan")
	f.flags.StringVar(&f.code, "code", "", "the code of the last fault, as in parser_unavailable")
	f.flags.DurationVar(&f.olderThan, "older-than", 0, "how long ago at least they were accepted or, dead, failed: 36h")
	f.flags.DurationVar(&f.newerThan, "newer-than", 0, "how long ago at most")
	return f
}

// isSet reports whether one of the flags was given.
func (f *jobFilterFlags) isSet() bool {
	names := []string{"state", "queue", "kind", "code", "older-than", "newer-than"}
	return slices.ContainsFunc(names, f.flags.Changed)
}

func (f *jobFilterFlags) toFilter() admin.Filter {
	filter := admin.Filter{Queue: f.queue, Kind: job.Kind(f.kind), Code: fault.Code(f.code), OlderThan: f.olderThan, NewerThan: f.newerThan}
	for _, s := range f.states {
		filter.States = append(filter.States, admin.State(s))
	}
	return filter
}
