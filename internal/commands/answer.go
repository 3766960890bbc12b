package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/commands/batchupload"
	"github.com/trackmydegree/trackmydegree/internal/commands/progress"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newAnswerCommand(p program.Process) *cobra.Command {
	var o uploadOptions
	c := &cobra.Command{
		Use:   "answer JOB --degree ID",
		Short: "Choose the degree of a job that failed for want of one",
		Long: "Choose the degree of a job whose document names none that is known, wait for its timeline and print it. This is\n" +
			"possible for an hour after the job failed. The document is not sent again.\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.degree == "" {
				return program.UsageError(errors.New("--degree is missing; GET /api/degrees lists the ids"))
			}
			if id, err := uuid.Parse(args[0]); err != nil || id.String() != args[0] {
				return program.UsageError(fmt.Errorf("%q is not the id of a job", args[0]))
			}
			if err := o.addSettings(p.Environ); err != nil {
				return err
			}
			return answerJob(cmd.Context(), p, o, job.ID(args[0]))
		},
	}
	c.Flags().StringVar(&o.url, "url", "", "the API's address (TMD_URL)")
	c.Flags().StringVar(&o.token, "token", "", "the token to send (TMD_TOKEN, which other users of the machine cannot see)")
	c.Flags().StringVar(&o.degree, "degree", "", "the id of the degree")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait")
	return c
}

// answerJob answers a job and prints its outcome.
func answerJob(ctx context.Context, p program.Process, o uploadOptions, id job.ID) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done after %v (--timeout)", o.timeout))
	defer cancel()
	api := apiclient.New(apiclient.Options{BaseURL: o.url, Token: o.token, MaxTries: uploadTries})
	defer api.CloseIdleConnections()
	display := progress.NewDisplay(p.Stderr, map[string]int{string(id): 1})
	outcome := batchupload.AnswerJob(ctx, api, id, o.degree, display)
	display.Finish()
	return writeOutcomes(p, o, []batchupload.Outcome{outcome})
}
