package redischeck

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// cachePrefix is the prefix of all keys of the response cache.
const cachePrefix = "cache:"

// cacheAdvice is the rule of an access list that is sufficient for the cache.
const cacheAdvice = "~cache:* +@all -@admin -@dangerous"

// CheckCache tries what the response cache needs: connection, mode, and the commands on its keys. A server of the cache
// may evict keys and lose them. It returns an UnfitError, another error for a Redis that may recover without a change,
// or nil.
func CheckCache(ctx context.Context, client redis.UniversalClient) error {
	if err := checkConnection(ctx, client); err != nil {
		return err
	}
	if err := checkMode(ctx, client); err != nil {
		return err
	}
	key := cachePrefix + "check:" + uuid.NewString()
	for _, command := range []func() error{
		func() error { return client.Set(ctx, key, "check", scratchTTL).Err() },
		func() error { return client.Get(ctx, key).Err() },
		func() error { return client.Scan(ctx, 0, key, 1).Err() },
		func() error { return client.Unlink(ctx, key).Err() },
	} {
		err := command()
		if errors.Is(err, redis.Nil) { // evicted already
			continue
		}
		if err := explainCacheRefusal(err); err != nil {
			return err
		}
	}
	return nil
}

// explainCacheRefusal is explainRefusal with the rights that the cache needs.
func explainCacheRefusal(err error) error {
	what := "the keys " + cachePrefix + "*"
	if err != nil && strings.Contains(err.Error(), "NOPERM") {
		return &UnfitError{Problem: fmt.Sprintf("refuses its user %s: grant the rights %s", what, cacheAdvice), Cause: err}
	}
	return explainRefusal(what, err)
}
