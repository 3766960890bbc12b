package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// uploadsAtOnce bounds the files that are under way at the same time: enough for two workers, little for one server.
const uploadsAtOnce = 4

type uploadOptions struct {
	url, token string
	json       bool
	expect     []string // course codes
	timeout    time.Duration
}

func (p Process) uploadCommand() *cobra.Command {
	var o uploadOptions
	c := &cobra.Command{
		Use:   "upload FILE...",
		Short: "Upload documents, wait, and print the timelines",
		Long: "Upload documents to an API (TMD_URL), wait for their timelines and print them.\n" +
			"With --json, one object for each file: {file, jobId, result} or {file, jobId, error}. Its code is the API's, or\n" +
			"unreachable, interrupted or not_done for what the API did not say.\n\n" + exitCodes,
		GroupID: "tools",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			var settings config.Upload
			if err := config.Load(&settings, p.Environ); err != nil {
				return err
			}
			if o.url == "" {
				o.url = string(settings.URL)
			} else if err := new(config.WebURL).UnmarshalText([]byte(o.url)); err != nil {
				return usage(fmt.Errorf("--url: %w", err))
			}
			if o.token == "" {
				o.token = settings.Token.Reveal()
			}
			return p.uploadAll(cmd.Context(), o, files)
		},
	}
	c.Flags().StringVar(&o.url, "url", "", "the API's address (TMD_URL)")
	c.Flags().StringVar(&o.token, "token", "", "the token to send (TMD_TOKEN, which other users of the machine cannot see)")
	c.Flags().StringArrayVar(&o.expect, "expect", nil, "a course that the timelines must hold in a term, COMP 248; may be given several times")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait for all of it")
	return c
}

// outcome is what became of one file.
type outcome struct {
	File  string          `json:"file"`
	JobID job.ID          `json:"jobId,omitempty"`
	Data  json.RawMessage `json:"result,omitempty"`
	Error *job.Failure    `json:"error,omitempty"`
	err   error
}

// uploadAll sends every file, prints what became of each in the order in which they were named, and returns the exit
// code of the gravest failure.
func (p Process) uploadAll(ctx context.Context, o uploadOptions, files []string) error {
	sizes := map[string]int{}
	for _, file := range files {
		info, err := os.Stat(file)
		switch {
		case err != nil:
			return usage(err)
		case !info.Mode().IsRegular():
			return usage(fmt.Errorf("%s is not a file", file))
		}
		if _, twice := sizes[file]; twice {
			return usage(fmt.Errorf("%s is named twice", file))
		}
		sizes[file] = int(info.Size())
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done after %v (--timeout)", o.timeout))
	defer cancel()
	api := &client{base: strings.TrimRight(o.url, "/"), token: o.token, http: &http.Client{}}
	defer api.http.CloseIdleConnections()

	shown := newProgress(p.Stderr, sizes)
	outcomes := make([]outcome, len(files))
	var all errgroup.Group
	all.SetLimit(uploadsAtOnce)
	for i, file := range files {
		all.Go(func() error {
			outcomes[i] = uploadOne(ctx, api, file, shown).expecting(o.expect)
			shown.ended(file)
			return nil
		})
	}
	_ = all.Wait() // failures are in the outcomes: one does not end the others
	shown.close()

	code := exitOK
	for i, out := range outcomes {
		code = max(code, codeOfOutcome(out.err))
		if err := p.printOutcome(o, out, len(files) > 1, i > 0); err != nil {
			return err
		}
	}
	if code == exitOK {
		return nil
	}
	return &exit{code: code}
}

func uploadOne(ctx context.Context, api *client, file string, shown progress) outcome {
	out := outcome{File: file}
	fail := func(err error) outcome {
		out.err, out.Error = err, failureOf(err)
		return out
	}
	pdf, err := readDocument(file)
	if err != nil {
		return fail(err)
	}
	if out.JobID, err = api.upload(ctx, pdf, func(n int) { shown.uploaded(file, n) }); err != nil {
		return fail(err)
	}
	changed := func(s status) { shown.changed(file, s) }
	changed(status{Status: job.Queued})
	last, err := api.wait(ctx, out.JobID, changed)
	if err != nil {
		return fail(err)
	}
	changed(last)
	if last.Status == job.Failed {
		f := last.Error
		if f == nil {
			f = job.FailureOf(fault.New(fault.Internal))
		}
		out.err = &fault.Error{Code: f.Code, Detail: f.Message}
		out.Error = f
		return out
	}
	done, err := api.status(ctx, out.JobID, true)
	if err != nil {
		return fail(err)
	}
	out.Data = done.Data
	return out
}

// expecting fails an outcome whose timeline has one of the courses in none of its terms.
func (out outcome) expecting(courses []string) outcome {
	if out.err != nil || len(courses) == 0 {
		return out
	}
	var result timeline.Result
	if err := json.Unmarshal(out.Data, &result); err != nil {
		out.err, out.Error = err, failureOf(err)
		return out
	}
	for _, course := range courses {
		taken := slices.ContainsFunc(result.Semesters, func(s timeline.Semester) bool {
			return slices.ContainsFunc(s.Courses, func(sitting timeline.Sitting) bool { return sitting.Code == course })
		})
		if !taken {
			out.err = fmt.Errorf("the timeline has %s in none of its terms, and --expect names it", course)
			out.Error = failureOf(out.err)
			return out
		}
	}
	return out
}

// failureOf is an error as --json prints it: the API's own code, or one of three for what the API did not say.
func failureOf(err error) *job.Failure {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return job.FailureOf(err)
	case errors.Is(err, errUnreachable):
		return &job.Failure{Code: "unreachable", Message: "There is no answer from the server."}
	case errors.Is(err, context.Canceled):
		return &job.Failure{Code: "interrupted", Message: "It was interrupted."}
	}
	return &job.Failure{Code: "not_done", Message: err.Error()}
}

// readDocument reads a file into memory, unless it is larger than any document may be.
func readDocument(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, document.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > document.MaxBytes {
		return nil, fault.New(fault.TooLarge)
	}
	return b, nil
}

// codeOfOutcome orders failures by how grave they are: the codes do so by their size.
func codeOfOutcome(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errUnreachable):
		return exitUnreachable
	}
	switch fault.CodeOf(err) {
	case fault.Unauthorized, fault.Forbidden, fault.TooManyRequests, fault.TooManyJobs:
		return exitRefused
	}
	return exitFailed
}

func (p Process) printOutcome(o uploadOptions, out outcome, several, further bool) error {
	if o.json {
		return json.NewEncoder(p.Stdout).Encode(out)
	}
	name := filepath.Base(out.File)
	if out.err != nil {
		fmt.Fprintf(p.Stderr, "tmd: %s: %s\n", name, sentence(o.url, out))
		return nil
	}
	var result timeline.Result
	if err := json.Unmarshal(out.Data, &result); err != nil {
		return fmt.Errorf("the result of %s: %w", name, err)
	}
	if further {
		fmt.Fprintln(p.Stdout)
	}
	if several {
		fmt.Fprintf(p.Stdout, "%s\n\n", name)
	}
	return render(p.Stdout, &result)
}

// sentence says what went wrong with a file and what to do.
func sentence(url string, out outcome) string {
	var f *fault.Error
	switch {
	case errors.Is(out.err, errUnreachable):
		return fmt.Sprintf("there is no answer from %s. Start it with `tmd all`, or name another with --url or TMD_URL. (%v)", url, out.err)
	case errors.As(out.err, &f) && f.Code == fault.Unauthorized:
		return "the API wants a token. Set TMD_TOKEN; `tmd token` makes one for development."
	case errors.As(out.err, &f):
		text := fmt.Sprintf("%s (%s)", f.Message(), f.Code)
		if out.Error != nil && len(out.Error.Closest) > 0 {
			text += " The closest: " + strings.Join(out.Error.Closest, "; ") + "."
		}
		return text
	}
	return out.err.Error()
}
