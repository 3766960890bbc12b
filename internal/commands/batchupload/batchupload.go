// Package batchupload uploads several documents, waits for their timelines and reports the outcome of each.
package batchupload

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/commands/documentfile"
	"github.com/trackmydegree/trackmydegree/internal/commands/progress"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// maxConcurrent bounds the concurrent uploads: enough for two workers, a small load for one server.
const maxConcurrent = 4

// Outcome is the result of one file.
type Outcome struct {
	File  string          `json:"file"`
	JobID job.ID          `json:"jobId,omitempty"`
	Data  json.RawMessage `json:"result,omitempty"`
	Error *job.Failure    `json:"error,omitempty"`
	// Read is how much of the document was read, "41 of 41 rows, 107 of 107 credits"; "" where that is not known.
	Read       string                `json:"read,omitempty"`
	Answerable *apiclient.Answerable `json:"answerable,omitempty"`
	Err        error                 `json:"-"` // what Error represents
}

// Options say how files are uploaded and what their timelines must have.
type Options struct {
	Degree   string   // the id of the degree that takes the place of the documents'; "" for theirs
	Calendar string   // the edition that takes the place of the admission's; "" for that
	Expected []string // the codes of courses that every timeline must have in one of its terms
}

// UploadAll uploads the files and returns their outcomes in the same order. The failure of one does not end the others.
func UploadAll(ctx context.Context, api *apiclient.Client, files []string, o Options, display progress.Display) []Outcome {
	outcomes := make([]Outcome, len(files))
	var all errgroup.Group
	all.SetLimit(maxConcurrent)
	for i, file := range files {
		all.Go(func() error {
			outcomes[i] = uploadFile(ctx, api, file, o, display).expectCourses(o.Expected)
			display.ShowEnd(file)
			return nil
		})
	}
	_ = all.Wait() // failures are in the outcomes
	return outcomes
}

func uploadFile(ctx context.Context, api *apiclient.Client, file string, o Options, display progress.Display) Outcome {
	out := Outcome{File: file}
	pdf, err := documentfile.Read(file)
	if err != nil {
		return out.fail(err)
	}
	accepted, err := api.SubmitUpload(ctx, apiclient.Upload{
		Form: apiclient.NewDocumentForm(pdf), IdempotencyKey: uuid.NewString(), Degree: o.Degree, Calendar: o.Calendar,
		OnSent: func(total int) { display.ShowSent(file, total) },
	})
	if err != nil {
		return out.fail(err)
	}
	out.JobID = accepted.JobID
	return out.waitForEnd(ctx, api, display)
}

// AnswerJob chooses the degree of a failed job, waits, and returns its outcome, whose file is the job's id.
func AnswerJob(ctx context.Context, api *apiclient.Client, id job.ID, degree string, display progress.Display) Outcome {
	out := Outcome{File: string(id), JobID: id}
	if _, err := api.AnswerDegree(ctx, id, degree); err != nil {
		return out.fail(err)
	}
	out = out.waitForEnd(ctx, api, display)
	display.ShowEnd(out.File)
	return out
}

// waitForEnd waits until the job has ended, and reads its result.
func (out Outcome) waitForEnd(ctx context.Context, api *apiclient.Client, display progress.Display) Outcome {
	file := out.File
	showStatus := func(s apiclient.JobStatus) { display.ShowStatus(file, s) }
	showStatus(apiclient.JobStatus{Status: job.Queued})
	last, err := api.WaitForJob(ctx, out.JobID, showStatus)
	if err != nil {
		return out.fail(err)
	}
	showStatus(last)
	if last.Status == job.Failed {
		if last.Error == nil {
			last.Error = job.FailureOf(fault.New(fault.Internal))
		}
		out.Answerable = last.Answerable
		out.Error, out.Err = last.Error, &fault.Error{Code: last.Error.Code, Detail: last.Error.Message}
		return out
	}
	done, err := api.LoadStatus(ctx, out.JobID, true)
	if err != nil {
		return out.fail(err)
	}
	out.Data = done.Data
	if reading, err := api.LoadReading(ctx, out.JobID); err == nil && reading.RowsSeen > 0 {
		out.Read = reading.Summary()
	}
	return out
}

// fail returns the outcome with an error: Error is the API's code, or one of three for a failure without one.
func (out Outcome) fail(err error) Outcome {
	out.Err = err
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		out.Error = job.FailureOf(err)
	case errors.Is(err, apiclient.ErrUnreachable):
		out.Error = &job.Failure{Code: "unreachable", Message: "There is no answer from the server."}
	case errors.Is(err, context.Canceled):
		out.Error = &job.Failure{Code: "interrupted", Message: "It was interrupted."}
	default:
		out.Error = &job.Failure{Code: "not_done", Message: err.Error()}
	}
	return out
}

// ExitCode returns the exit code of an outcome.
func (out Outcome) ExitCode() int {
	switch {
	case out.Err == nil:
		return program.ExitOK
	case errors.Is(out.Err, context.Canceled):
		return program.ExitInterrupted
	case errors.Is(out.Err, apiclient.ErrUnreachable):
		return program.ExitUnreachable
	}
	switch fault.CodeOf(out.Err) {
	case fault.Unauthorized, fault.Forbidden, fault.TooManyRequests, fault.TooManyJobs:
		return program.ExitRefused
	}
	return program.ExitFailed
}
