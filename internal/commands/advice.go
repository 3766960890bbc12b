package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/app/parserchild"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/commands/documentfile"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// adviceUse says what the argument of audit, whatif and plan is.
const adviceUse = "FILE is a PDF or the facts of `tmd parse` as JSON: it is read here, without a server. JOB and TIMELINE are ids of an\n" +
	"API (TMD_URL, TMD_TOKEN)."

// adviceOptions are the flags that audit, whatif and plan share.
type adviceOptions struct {
	url, token string
	json       bool
	timeout    time.Duration
}

func (o *adviceOptions) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&o.url, "url", "", "the API's address (TMD_URL)")
	c.Flags().StringVar(&o.token, "token", "", "the token to send (TMD_TOKEN, which other users of the machine cannot see)")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait for the answer")
}

// advised is the timeline that an argument names: a case that is answered here, or the path of one at an API.
type advised struct {
	local  *advising.Case
	client *apiclient.Client
	path   string
}

// withAdvised opens the timeline that an argument names, runs a command on it, and turns its failure into an exit code.
func withAdvised(ctx context.Context, p program.Process, o adviceOptions, arg string, run func(context.Context, advised) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("no answer after %v (--timeout)", o.timeout))
	defer cancel()
	if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
		local, err := openDocument(ctx, p, arg)
		if err == nil {
			err = run(ctx, advised{local: local})
		}
		return toAdviceExit(err)
	}
	return withServer(ctx, p, o, arg, "a file, nor the id of a job or a timeline", run)
}

// withServer is withAdvised for a job or a timeline of an API. what names them in the sentence that refuses others.
func withServer(ctx context.Context, p program.Process, o adviceOptions, arg, what string, run func(context.Context, advised) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("no answer after %v (--timeout)", o.timeout))
	defer cancel()
	path := ""
	switch id, err := uuid.Parse(arg); {
	case err == nil && id.String() == arg:
		path = apiclient.StatusPath(job.ID(arg))
	case timelines.ValidID(arg):
		path = apiclient.TimelinePath(arg)
	default:
		return program.UsageError(fmt.Errorf("%s is not %s", filepath.Base(arg), what))
	}
	server := uploadOptions{url: o.url, token: o.token}
	if err := server.addSettings(p.Environ); err != nil {
		return err
	}
	client := apiclient.New(apiclient.Options{BaseURL: server.url, Token: server.token, MaxTries: uploadTries})
	defer client.CloseIdleConnections()
	return toAdviceExit(run(ctx, advised{client: client, path: path}))
}

// openDocument reads a document, or facts, and opens the timeline that is built of it.
func openDocument(ctx context.Context, p program.Process, path string) (*advising.Case, error) {
	b, err := documentfile.Read(path)
	if err != nil {
		return nil, err
	}
	doc, err := readFacts(ctx, p, b)
	if err != nil {
		return nil, err
	}
	data, err := catalogue.LoadEmbedded()
	if err != nil {
		return nil, err
	}
	cat, err := catalogue.New(data)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	builder := timeline.NewBuilder(cat)
	result, err := builder.FromDocument(doc, now)
	if err != nil {
		return nil, err
	}
	for _, w := range result.Warnings {
		fmt.Fprintf(p.Stderr, "%s: %s\n", w.Code, w.Message)
	}
	return advising.NewCase(builder, result.ToSaved(), "file", now), nil
}

// readFacts returns what a PDF says, or reads facts that `tmd parse` printed.
func readFacts(ctx context.Context, p program.Process, b []byte) (document.Document, error) {
	var doc document.Document
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		var settings config.Parse
		if err := config.Load(&settings, p.Environ); err != nil {
			return doc, err
		}
		return parserchild.ParseDocument(ctx, settings.Pool, newToolLogger(p), b)
	}
	var failed struct {
		Error *struct {
			Code    fault.Code `json:"code"`
			Message string     `json:"message"`
		} `json:"error"`
	}
	if err := errors.Join(json.Unmarshal(b, &doc), json.Unmarshal(b, &failed)); err != nil {
		return doc, program.UsageError(errors.New("the file is neither a PDF nor the facts of a document"))
	}
	if failed.Error != nil {
		return doc, fault.WithDetail(failed.Error.Code, failed.Error.Message)
	}
	return doc, nil
}

// toAdviceExit turns a failure into an exit code, with a sentence for people and every faulty field.
func toAdviceExit(err error) error {
	var exit *program.ExitError
	var settings config.Faults
	switch {
	case err == nil, errors.As(err, &exit), errors.As(err, &settings), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, apiclient.ErrUnreachable):
		return &program.ExitError{Code: program.ExitUnreachable, Err: err}
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return &program.ExitError{Code: program.ExitFailed, Err: err}
	}
	text := strings.Builder{}
	text.WriteString(f.Message())
	for _, field := range f.Fields {
		fmt.Fprintf(&text, "\n  %s: %s", field.Path, field.Message)
	}
	if len(f.Closest) > 0 {
		fmt.Fprintf(&text, "\n  close: %s", strings.Join(f.Closest, "; "))
	}
	code := program.ExitFailed
	if f.Code == fault.Unauthorized || f.Code == fault.Forbidden {
		code = program.ExitRefused
	}
	return &program.ExitError{Code: code, Err: errors.New(text.String())}
}
