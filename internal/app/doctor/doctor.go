// Package doctor tries every dependency of an installation once, and says what to change.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

// State is the outcome of a check.
type State string

// The states, from good to bad.
const (
	OK      State = "ok"
	Warning State = "warning" // works, and costs data, time or a feature
	Failed  State = "failed"
	Skipped State = "skipped" // not tried: what it needs is not there
)

// checkLimit bounds each check.
const checkLimit = 8 * time.Second

// Finding is the outcome of one check.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	// Detail is what was found, without passwords. Of a failure it says what to change.
	Detail       string `json:"detail"`
	Milliseconds int64  `json:"milliseconds"`
}

// check is one dependency. run returns what it found; warnings are logged.
type check struct {
	name string
	run  func(ctx context.Context, log *slog.Logger) (detail string, err error)
}

// CheckInstallation runs the checks of the dependencies that the settings name, all at once. The order of the findings
// is that of the checks.
func CheckInstallation(ctx context.Context, c config.Doctor) []Finding {
	return runChecks(ctx, listChecks(c))
}

func runChecks(ctx context.Context, checks []check) []Finding {
	findings := make([]Finding, len(checks))
	var all sync.WaitGroup
	for i, one := range checks {
		all.Go(func() { findings[i] = one.findState(ctx) })
	}
	all.Wait()
	return findings
}

func (c check) findState(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	began := time.Now()
	warnings := &warningHandler{}
	detail, err := c.run(ctx, slog.New(warnings))
	f := Finding{Check: c.name, State: OK, Detail: detail, Milliseconds: time.Since(began).Milliseconds()}
	var skip *skipError
	switch {
	case errors.As(err, &skip):
		f.State, f.Detail = Skipped, skip.reason
	case err != nil:
		f.State, f.Detail = Failed, err.Error()
	case warnings.text() != "":
		f.State, f.Detail = Warning, fmt.Sprintf("%s. %s", detail, warnings.text())
	}
	return f
}

// HasFailed reports whether a check failed.
func HasFailed(findings []Finding) bool {
	for _, f := range findings {
		if f.State == Failed {
			return true
		}
	}
	return false
}
