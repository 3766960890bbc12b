package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
)

// mongoCheckLimit bounds the check of MongoDB at the start: it is longer than the selection of a server.
const mongoCheckLimit = 3 * time.Second

// providerCheckLimit bounds the look at the identity provider at the start.
const providerCheckLimit = 3 * time.Second

// startCheck is a check of the start of a role. An error stops the start.
type startCheck func(ctx context.Context) error

// runStartChecks runs checks at once, so that the start takes no longer than the slowest and names everything that is
// wrong. The errors have the order of the checks.
func runStartChecks(ctx context.Context, checks ...startCheck) error {
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() { errs[i] = check(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// checkMongoAtStart checks the database: one that refuses its user or cannot be used stops the start instead of failing
// each request. One that is unavailable is waited for.
func checkMongoAtStart(r *role.Role, store *mongostore.Store, setting string) startCheck {
	return func(ctx context.Context) error {
		limited, cancel := context.WithTimeout(ctx, mongoCheckLimit)
		defer cancel()
		err := store.CheckAccess(limited)
		switch {
		case mongostore.IsUnfit(err):
			return fmt.Errorf("%s: %w", setting, err)
		case err != nil:
			r.Log.Error("the database is unavailable: jobs and pages wait", "setting", setting, "error", err)
		}
		return nil
	}
}

// SettingChecks returns the checks of settings that need a driver.
func SettingChecks() []config.Check {
	return []config.Check{{Name: "MONGODB_URI", Validate: mongostore.ValidateURI}}
}
