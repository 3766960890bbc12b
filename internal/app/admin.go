package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app/storage"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// UploadsNeed says whether an operation of operators needs the storage of uploads.
type UploadsNeed int

// The needs of operations.
const (
	UploadsUnused   UploadsNeed = iota
	UploadsOptional             // the operation reports more with them
	UploadsRequired
)

// RunAdmin calls do with the admin operations, on the Redis and the storage of the settings, and turns its error into
// one that says what to do, with the exit code.
func RunAdmin(ctx context.Context, p program.Process, need UploadsNeed, do func(context.Context, *admin.Service) error) error {
	var c config.Queue
	if err := config.Load(&c, p.Environ); err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	program.LogRedis(quiet) // its failures return as errors
	client, err := redisurl.Open(c.JobURL.Reveal(), redisurl.WithClientName("tmd-queue"),
		redisurl.WithClientCertificate(c.RedisCert, c.RedisKey))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	inspector, err := newInspector(client)
	if err != nil {
		return err
	}
	tasks, err := queue.NewClient(queue.ClientDeps{Redis: client, JobTimeout: c.JobTimeout})
	if err != nil {
		return err
	}
	records, err := jobstore.New(jobstore.Deps{Redis: client, Clock: time.Now, Logger: quiet, Host: hostName()})
	if err != nil {
		return err
	}
	deps := admin.Deps{Queue: inspector, Tasks: tasks, Intake: queueadmin.NewIntake(client), Jobs: records, Audit: queueadmin.NewAuditTrail(client), Clock: time.Now, Logger: quiet}
	if need != UploadsUnused {
		uploads, err := storage.Open(ctx, c.Uploads, quiet)
		switch {
		case err == nil:
			defer func() { _ = uploads.Close() }()
			deps.Uploads = uploads
		case need == UploadsRequired:
			return program.UsageError(fmt.Errorf("%w; run this where a worker runs", err))
		}
	}
	operators, err := admin.New(deps)
	if err != nil {
		return err
	}
	return explainAdminError(ctx, c.JobURL, do(admin.WithOperator(ctx, "tmd on "+hostName()), operators))
}

func explainAdminError(ctx context.Context, redis config.SecretURL, err error) error {
	var exit *program.ExitError
	if err == nil || errors.As(err, &exit) || ctx.Err() != nil {
		return err
	}
	f := fault.From(err)
	switch f.Code {
	case fault.QueueUnavailable:
		return &program.ExitError{Code: program.ExitUnreachable, Err: fmt.Errorf("there is no Redis at %s: %w", redis, err)}
	case fault.BadRequest, fault.NotFound:
		return program.UsageError(errors.New(joinSentences(f)))
	case fault.Internal:
		return err
	}
	return errors.New(joinSentences(f))
}

// joinSentences returns the message of a fault and those of its fields.
func joinSentences(f *fault.Error) string {
	all := []string{f.Message()}
	for _, field := range f.Fields {
		all = append(all, field.Message)
	}
	return strings.Join(all, " ")
}
