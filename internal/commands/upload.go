package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/commands/batchupload"
	"github.com/trackmydegree/trackmydegree/internal/commands/documentfile"
	"github.com/trackmydegree/trackmydegree/internal/commands/progress"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// uploadTries is how often `tmd upload` tries a request to a server that is temporarily busy or unavailable.
const uploadTries = 4

type uploadOptions struct {
	url, token string
	json       bool
	degree     string   // an id
	calendar   string   // an edition
	expect     []string // course codes
	timeout    time.Duration
}

func newUploadCommand(p program.Process) *cobra.Command {
	var o uploadOptions
	c := &cobra.Command{
		Use:   "upload FILE...",
		Short: "Upload documents, wait, and print the timelines",
		Long: "Upload documents to an API (TMD_URL), wait for their timelines and print them.\n" +
			"With --json, one object for each file: {file, jobId, result} or {file, jobId, error}. Its code is the API's, or\n" +
			"unreachable, interrupted or not_done for what the API did not say.\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := o.addSettings(p.Environ); err != nil {
				return err
			}
			return uploadFiles(cmd.Context(), p, o, files)
		},
	}
	c.Flags().StringVar(&o.url, "url", "", "the API's address (TMD_URL)")
	c.Flags().StringVar(&o.token, "token", "", "the token to send (TMD_TOKEN, which other users of the machine cannot see)")
	c.Flags().StringArrayVar(&o.expect, "expect", nil, "a course that the timelines must hold in a term, COMP 248; may be given several times")
	c.Flags().StringVar(&o.degree, "degree", "", "the id of the degree that takes the place of the one in the documents; GET /api/degrees lists them")
	c.Flags().StringVar(&o.calendar, "calendar", "", "the edition of the catalogue, 2026-27, that takes the place of the one of the admission")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait for all of it")
	return c
}

// addSettings sets the options that no flag has set, from the environment.
func (o *uploadOptions) addSettings(environ []string) error {
	var settings config.Upload
	if err := config.Load(&settings, environ); err != nil {
		return err
	}
	if o.url == "" {
		o.url = string(settings.URL)
	} else if err := new(config.WebURL).UnmarshalText([]byte(o.url)); err != nil {
		return program.UsageError(fmt.Errorf("--url: %w", err))
	}
	if o.token == "" {
		o.token = settings.Token.Reveal()
	}
	return nil
}

// uploadFiles uploads the files and prints their outcomes. It returns the exit code of the most severe failure.
func uploadFiles(ctx context.Context, p program.Process, o uploadOptions, files []string) error {
	sizes, err := documentfile.Sizes(files)
	if err != nil {
		return program.UsageError(err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done after %v (--timeout)", o.timeout))
	defer cancel()
	api := apiclient.New(apiclient.Options{BaseURL: o.url, Token: o.token, MaxTries: uploadTries})
	defer api.CloseIdleConnections()

	display := progress.NewDisplay(p.Stderr, sizes)
	outcomes := batchupload.UploadAll(ctx, api, files, batchupload.Options{Degree: o.degree, Calendar: o.calendar, Expected: o.expect}, display)
	display.Finish()

	return writeOutcomes(p, o, outcomes)
}

// writeOutcomes prints outcomes, and ends with the exit code of the gravest failure.
func writeOutcomes(p program.Process, o uploadOptions, outcomes []batchupload.Outcome) (err error) {
	if o.json {
		err = batchupload.WriteJSON(p.Stdout, outcomes)
	} else {
		err = batchupload.WriteText(p.Stdout, p.Stderr, o.url, outcomes)
	}
	if err != nil {
		return err
	}
	code := program.ExitOK
	for _, out := range outcomes {
		code = max(code, out.ExitCode())
	}
	if code == program.ExitOK {
		return nil
	}
	return &program.ExitError{Code: code}
}
