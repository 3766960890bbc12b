package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// bulkPage is how many jobs are looked for at a time.
const bulkPage = admin.MaxLimit

func (p Process) queueCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "queue",
		Short: "Look at the queues and their jobs; retry, delete, pause, drain",
		Long: "Look at the queues and their jobs, run failed ones again, delete, hold queues back, and drain the system.\n" +
			"It works on Redis itself (REDIS_JOB_URL) and, for documents, on the uploads (TMD_UPLOAD_DIR): run it where a worker\n" +
			"runs. A job that failed for good is dead, and is kept for 7 days.\n\n" + exitCodes,
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(p.queueList(), p.queueShow(), p.queueRetry(), p.queueDelete(), p.queuePause(), p.queueResume(), p.queueDrain(), p.queueStats())
	return c
}

// documents says what a command needs of the uploads.
type documents int

const (
	noDocuments   documents = iota
	someDocuments           // it can say more with them
	theDocuments            // it does not work without
)

// operators calls do with an operator.
func (p Process) operators(ctx context.Context, need documents, do func(ctx context.Context, o *admin.Operator) error) error {
	var c config.Queue
	if err := config.Load(&c, p.Environ); err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	redis.SetLogger(redisLog{quiet}) // what it has to say comes back as errors
	client, err := redisurl.Open(c.JobURL.Reveal(), redisurl.Name("tmd-queue"))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	deps := admin.Deps{
		Queue: queue.NewClient(queue.ClientDeps{Redis: client, JobTimeout: c.JobTimeout}),
		Jobs:  jobstore.New(jobstore.Deps{Redis: client, Clock: time.Now, Logger: quiet, Host: hostname()}),
		Clock: time.Now,
	}
	if need != noDocuments {
		files, err := openStorage(ctx, c.Uploads, quiet)
		switch {
		case err == nil:
			defer func() { _ = files.Close() }()
			deps.Uploads = files
		case need == theDocuments:
			return usage(fmt.Errorf("%w; run this where a worker runs", err))
		}
	}
	return p.explained(ctx, c.JobURL, do(ctx, admin.New(deps)))
}

// explained turns an error of an operation into what people can do about it, and its exit code.
func (p Process) explained(ctx context.Context, redis config.SecretURL, err error) error {
	var end *exit
	if err == nil || errors.As(err, &end) || ctx.Err() != nil {
		return err
	}
	f := fault.From(err)
	switch f.Code {
	case fault.QueueUnavailable:
		return &exit{exitUnreachable, fmt.Errorf("there is no Redis at %s: %w", redis, err)}
	case fault.BadRequest, fault.NotFound:
		return usage(errors.New(sentences(f)))
	case fault.Internal:
		return err
	}
	return errors.New(sentences(f))
}

// sentences is all that a fault has to say.
func sentences(f *fault.Error) string {
	all := []string{f.Message()}
	for _, field := range f.Fields {
		all = append(all, field.Message)
	}
	return strings.Join(all, " ")
}

func (p Process) printJSON(v any) error {
	enc := json.NewEncoder(p.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// filterFlags are the flags that say which jobs are meant.
type filterFlags struct {
	states               []string
	queue, kind, code    string
	olderThan, newerThan time.Duration
	set                  func() bool // whether one of them was given
}

func addFilterFlags(c *cobra.Command) *filterFlags {
	f := &filterFlags{}
	flags := c.Flags()
	flags.StringSliceVar(&f.states, "state", nil, "where the jobs are: pending, active, retry, scheduled or dead; several with commas")
	flags.StringVar(&f.queue, "queue", "", "the name of a queue")
	flags.StringVar(&f.kind, "kind", "", "what the jobs are made of: file, body or timelineData")
	flags.StringVar(&f.code, "code", "", "the code of the last fault, as in parser_unavailable")
	flags.DurationVar(&f.olderThan, "older-than", 0, "how long ago at least they were accepted or, dead, failed: 36h")
	flags.DurationVar(&f.newerThan, "newer-than", 0, "how long ago at most")
	f.set = func() bool {
		for _, name := range []string{"state", "queue", "kind", "code", "older-than", "newer-than"} {
			if flags.Changed(name) {
				return true
			}
		}
		return false
	}
	return f
}

func (f *filterFlags) filter() admin.Filter {
	filter := admin.Filter{Queue: f.queue, Kind: job.Kind(f.kind), Code: fault.Code(f.code), OlderThan: f.olderThan, NewerThan: f.newerThan}
	for _, s := range f.states {
		filter.States = append(filter.States, admin.State(s))
	}
	return filter
}

func (p Process) queueList() *cobra.Command {
	var (
		page   admin.Page
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "list",
		Short: "List jobs, those first that were accepted (dead: failed) first",
		Args:  cobra.NoArgs,
	}
	filter := addFilterFlags(c)
	c.Flags().IntVar(&page.Limit, "limit", admin.DefaultLimit, "how many at most")
	c.Flags().StringVar(&page.Cursor, "cursor", "", "where to go on: the end of the list before says so")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: {jobs, next}")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.operators(cmd.Context(), noDocuments, func(ctx context.Context, o *admin.Operator) error {
			jobs, next, err := o.List(ctx, filter.filter(), page)
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(struct {
					Jobs []admin.Job `json:"jobs"`
					Next string      `json:"next,omitempty"`
				}{jobs, next})
			}
			return p.printJobs(jobs, next)
		})
	}
	return c
}

func (p Process) queueShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Print all that is known of a job, its owner and the history of its faults included",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.operators(cmd.Context(), someDocuments, func(ctx context.Context, o *admin.Operator) error {
				d, err := o.Show(ctx, job.ID(args[0]))
				if err != nil {
					return err
				}
				if asJSON {
					return p.printJSON(d)
				}
				return p.printDetail(d)
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p Process) queueStats() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "stats",
		Short: "Print what is in the queues, who works on it, and whether work is taken",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.operators(cmd.Context(), noDocuments, func(ctx context.Context, o *admin.Operator) error {
				s, err := o.Stats(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return p.printJSON(s)
				}
				return p.printStats(s)
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
