package app

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/redischeck"
)

const (
	// redisCheckLimit bounds the check at the start: an unfit Redis stops the start within 5 s.
	redisCheckLimit = 4 * time.Second
	// cacheCheckLimit bounds the check of the cache, without which the API serves as well.
	cacheCheckLimit = time.Second
	// redisCheckRetry is the pause between two checks while Redis, or the database, is unavailable.
	redisCheckRetry = 500 * time.Millisecond
	// claimInterval is the time between two renewals of the installation's mark in Redis, which lasts a week.
	claimInterval = time.Minute
)

// jobsRedis is the Redis of the jobs, before it is known to be fit.
type jobsRedis struct {
	client redis.UniversalClient
	// setting is the name of the setting that gave its address.
	setting string
	// installation is the name of this installation; empty for the id in the database.
	installation string
	// inProcess is a Redis of this process, which needs no check.
	inProcess bool
}

// checkAtStart checks the Redis of the jobs: an unfit one stops the start instead of failing each job. While Redis or
// the database is unavailable the role starts, and a component repeats the check and ends the role if Redis turns out
// to be unfit. usable is closed after a successful check.
func (j jobsRedis) checkAtStart(ctx context.Context, r *role.Role, db database, usable chan struct{}) error {
	if j.inProcess {
		close(usable)
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, redisCheckLimit)
	defer cancel()
	err := j.checkAndClaim(limited, r, db)
	switch {
	case redischeck.IsUnfit(err):
		return j.nameSetting(err)
	case fault.CodeOf(err) == fault.DatabaseUnavailable: // it is not known whose jobs Redis holds
		r.Log.Error("the database is unavailable: jobs wait", "error", err)
	case err != nil:
		r.Log.Error("Redis is unavailable: jobs wait", "setting", j.setting, "error", err)
	default:
		close(usable)
	}
	r.AddComponent("redis check", func(ctx context.Context) error { return j.keepClaim(ctx, r, db, usable, err == nil) })
	return nil
}

// keepClaim repeats the check until it succeeds, then closes usable, and renews the claim until ctx ends. It returns an
// error when Redis is unfit.
func (j jobsRedis) keepClaim(ctx context.Context, r *role.Role, db database, usable chan struct{}, checked bool) error {
	for {
		pause := claimInterval
		if !checked {
			pause = redisCheckRetry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		var err error
		if checked {
			err = j.claimDatabase(ctx, db)
		} else {
			err = j.checkAndClaim(ctx, r, db)
		}
		switch {
		case redischeck.IsUnfit(err):
			return j.nameSetting(err)
		case err == nil && !checked:
			checked = true
			close(usable)
		}
	}
}

func (j jobsRedis) checkAndClaim(ctx context.Context, r *role.Role, db database) error {
	if err := redischeck.CheckJobs(ctx, j.client, r.Log); err != nil {
		return err
	}
	return j.claimDatabase(ctx, db)
}

// claimDatabase marks the database of Redis as this installation's.
func (j jobsRedis) claimDatabase(ctx context.Context, db database) error {
	name := j.installation
	if name == "" {
		var err error
		if name, err = db.InstallationID(ctx); err != nil {
			return err
		}
	}
	return redischeck.ClaimInstallation(ctx, j.client, name)
}

func (j jobsRedis) nameSetting(err error) error { return fmt.Errorf("%s: %w", j.setting, err) }

// checkCacheAtStart checks the Redis of the response cache: an unfit one stops the start, because it would slow down
// every request without a word. One that is unavailable only costs time, now as later.
func checkCacheAtStart(r *role.Role, client redis.UniversalClient, setting string) startCheck {
	return func(ctx context.Context) error {
		limited, cancel := context.WithTimeout(ctx, cacheCheckLimit)
		defer cancel()
		err := redischeck.CheckCache(limited, client)
		switch {
		case redischeck.IsUnfit(err):
			return fmt.Errorf("%s: %w", setting, err)
		case err != nil:
			r.Log.Warn("the Redis of the response cache is unavailable: responses are not cached", "setting", setting, "error", err)
		}
		return nil
	}
}

// runOnUsableRedis delays a component until Redis was found to be fit and to be this installation's: it would take the
// jobs of another one.
func (c *core) runOnUsableRedis(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-c.usable:
			return run(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}
