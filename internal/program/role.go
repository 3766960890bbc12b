package program

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// flushTimeout bounds the delivery of the last error reports of a process.
const flushTimeout = 2 * time.Second

// Role is a long-running process before it starts.
type Role struct {
	Name     string          // in logs, metrics and error reports
	Settings config.Settings // where the settings are loaded into
	Common   *config.Process // the part of Settings that every role has
	Traces   *config.Traces  // the part of Settings about traces; nil for a role without
	Checks   []config.Check  // further rules of settings
}

// RunRole loads the settings of a role, starts its telemetry, and calls run. It reports faults of the settings, which
// it returns as config.Faults; what run returns is run's to report. It delivers the last reports before it returns.
func RunRole(ctx context.Context, p Process, role Role, run func(context.Context, *telemetry.Telemetry) error) error {
	faults := config.Load(role.Settings, p.Environ, role.Checks...)
	tel, err := telemetry.New(telemetry.Options{
		Role: role.Name, Version: version, Process: *role.Common, Traces: role.Traces, Output: p.Stderr, Terminal: IsTerminal(p.Stderr),
	})
	switch {
	case faults != nil && err != nil: // the DSN is among the faults
		return faults
	case err != nil:
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		tel.Close(ctx)
	}()
	if faults != nil {
		tel.Reporter.ReportProcess("start", faults)
		return faults
	}
	LogRedis(tel.Log)
	return run(ctx, tel)
}

// LogRedis sends the log lines of go-redis to log, at level debug: components log the errors of their own
// calls. The library has one logger for the whole process.
func LogRedis(log *slog.Logger) { redis.SetLogger(redisLogger{log}) }

type redisLogger struct{ log *slog.Logger }

// Printf implements the logger of go-redis.
func (l redisLogger) Printf(ctx context.Context, format string, v ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "go-redis", "message", fmt.Sprintf(format, v...))
	}
}
