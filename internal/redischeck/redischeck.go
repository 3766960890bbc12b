// Package redischeck tries whether a Redis can hold the queue and the job records, so that an unfit one stops the start
// with one sentence instead of failing each job.
//
// An unfit Redis answers, and no waiting makes it fit: its user lacks rights, it is a replica, a Sentinel or a
// part of a cluster, it evicts keys, or another installation uses the database. A Redis that does not answer, is
// loading its data or has no memory left is not unfit: the roles wait for it.
package redischeck

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// UnfitError says why a Redis cannot be used, and what to change.
type UnfitError struct {
	Problem string // what Redis does, without the subject and the full stop
	Cause   error  // the answer of Redis, if there is one
}

func (e *UnfitError) Error() string {
	if e.Cause == nil {
		return "Redis " + e.Problem
	}
	return fmt.Sprintf("Redis %s (%.300s)", e.Problem, e.Cause) // an answer may be a page long
}

func (e *UnfitError) Unwrap() error { return e.Cause }

// IsUnfit reports whether err is, or wraps, an UnfitError.
func IsUnfit(err error) bool {
	var unfit *UnfitError
	return errors.As(err, &unfit)
}

// CheckJobs tries what the roles do with the Redis of the jobs: connection, mode, rights, eviction. It leaves nothing
// behind. It returns an UnfitError, another error for a Redis that may recover without a change, or nil. It logs a
// warning about what costs data and not service: no persistence, or a policy that cannot be read.
func CheckJobs(ctx context.Context, client redis.UniversalClient, logger *slog.Logger) error {
	for _, check := range []func(context.Context, redis.UniversalClient) error{
		checkConnection, checkMode, checkKeys, checkChannels,
	} {
		if err := check(ctx, client); err != nil {
			return err
		}
	}
	return checkServerSettings(ctx, client, logger)
}

func checkConnection(ctx context.Context, client redis.UniversalClient) error {
	err := explainRefusal("ping", client.Ping(ctx).Err())
	if err == nil || IsUnfit(err) {
		return err
	}
	if problem := findTransportProblem(ctx, client); problem != "" {
		return &UnfitError{Problem: problem, Cause: err}
	}
	return err
}

// checkMode refuses what is no master of its own. HELLO needs no rights; where it does not exist, INFO has both.
func checkMode(ctx context.Context, client redis.UniversalClient) error {
	mode, role := readHello(ctx, client)
	if mode == "" {
		info := readInfo(ctx, client, "server", "cluster", "replication")
		mode, role = info["redis_mode"], info["role"]
		if info["cluster_enabled"] == "1" {
			mode = "cluster"
		}
	}
	switch {
	case mode == "cluster":
		return &UnfitError{Problem: clusterProblem}
	case mode == "sentinel":
		return &UnfitError{Problem: sentinelProblem}
	case role == "replica" || role == "slave":
		return &UnfitError{Problem: replicaProblem}
	}
	return nil
}

// readHello returns the mode and the role of a server, empty when it does not say.
func readHello(ctx context.Context, client redis.UniversalClient) (mode, role string) {
	answer, err := client.Do(ctx, "HELLO").Result()
	if err != nil {
		return "", ""
	}
	fields := map[string]string{}
	switch values := answer.(type) {
	case map[any]any: // RESP3
		for name, value := range values {
			fields[fmt.Sprint(name)] = fmt.Sprint(value)
		}
	case []any: // RESP2
		for i := 0; i+1 < len(values); i += 2 {
			fields[fmt.Sprint(values[i])] = fmt.Sprint(values[i+1])
		}
	}
	return fields["mode"], fields["role"]
}

// readInfo returns the fields of sections of INFO, none when the user may not read it.
func readInfo(ctx context.Context, client redis.UniversalClient, sections ...string) map[string]string {
	fields := map[string]string{}
	for _, section := range sections {
		text, err := client.Info(ctx, section).Result()
		if err != nil {
			continue
		}
		for line := range strings.Lines(text) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				fields[name] = value
			}
		}
	}
	return fields
}

// checkServerSettings refuses a server that evicts keys, and warns about one that loses its data with its process.
func checkServerSettings(ctx context.Context, client redis.UniversalClient, logger *slog.Logger) error {
	info := readInfo(ctx, client, "memory", "persistence")
	policy := info["maxmemory_policy"]
	if policy == "" {
		policy = client.ConfigGet(ctx, "maxmemory-policy").Val()["maxmemory-policy"]
	}
	switch policy {
	case "noeviction":
	case "":
		if ctx.Err() != nil {
			return fmt.Errorf("redischeck: read the eviction policy: %w", ctx.Err())
		}
		logger.Warn("the eviction policy of Redis cannot be read: make sure that maxmemory-policy is noeviction")
	default:
		return &UnfitError{Problem: fmt.Sprintf(
			"evicts keys when its memory is full, and jobs with them: set its maxmemory-policy to noeviction instead of %s", policy)}
	}
	if info["aof_enabled"] == "0" {
		logger.Warn("Redis writes no append-only file: results and the latest changes of jobs are lost when it ends; set appendonly yes")
	}
	return nil
}
