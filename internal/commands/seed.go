package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

const (
	// seedTimeout is for a database that is slow; a whole catalogue takes less than a second.
	seedTimeout = 2 * time.Minute
	// seedPatience is for one that is just being started.
	seedPatience = 8 * time.Second
)

func (p Process) seedCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "seed",
		Short:   "Load the catalogue into MongoDB, safely again and again",
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var settings config.Seed
			if err := config.Load(&settings, p.Environ); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), seedTimeout)
			defer cancel()
			return p.seed(ctx, settings)
		},
	}
}

func (p Process) seed(ctx context.Context, c config.Seed) error {
	data, err := catalogue.Load()
	if err != nil {
		return err
	}
	store, err := mongostore.Open(mongostore.Config{URI: c.MongoURI.Reveal()})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(context.WithoutCancel(ctx)) }()
	if err := within(ctx, seedPatience, store.Run); err != nil {
		return unreachableDatabase(c.MongoURI, err)
	}
	// Before the first seed there is nothing to load: everything is new.
	var before catalogue.Data
	if v, err := store.Version(ctx); err != nil {
		return unreachableDatabase(c.MongoURI, err)
	} else if v != "" {
		if before, err = store.Load(ctx); err != nil {
			return unreachableDatabase(c.MongoURI, err)
		}
	}
	if err := store.Seed(ctx, data); err != nil {
		return unreachableDatabase(c.MongoURI, err)
	}
	fmt.Fprint(p.Stdout, difference(before, data))
	return p.dropCached(ctx, c)
}

// within gives do so much time.
func within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

func unreachableDatabase(uri config.SecretURL, err error) error {
	if code := fault.CodeOf(err); code == fault.DatabaseUnavailable || code == fault.Timeout {
		return &exit{exitUnreachable, fmt.Errorf("there is no MongoDB at %s: %w", uri, err)}
	}
	return err
}

// dropCached makes the API read the new catalogue at once. A cache that is away is no failure: what it holds ends soon.
func (p Process) dropCached(ctx context.Context, c config.Seed) error {
	if c.CacheURL.Empty() {
		return nil
	}
	client, err := redisurl.Open(c.CacheURL.Reveal(), redisurl.Name("tmd-seed"))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	n, err := cache.New(cache.Deps{Redis: client, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()}).DeletePattern(ctx, "*")
	if err != nil {
		fmt.Fprintf(p.Stderr, "tmd: the cache at %s is away: what it holds of the catalogue ends by itself\n", c.CacheURL)
		return nil
	}
	fmt.Fprintf(p.Stdout, "cached responses dropped: %d\n", n)
	return nil
}

// difference says what a seed changed, a line for each kind.
func difference(before, after catalogue.Data) string {
	var b strings.Builder
	changed := false
	for _, line := range []struct {
		kind string
		n    counts
	}{
		{"degrees", count(before.Degrees, after.Degrees, func(d catalogue.Degree) string { return d.ID })},
		{"pools", count(before.Pools, after.Pools, func(p catalogue.Pool) string { return p.ID })},
		{"courses", count(before.Courses, after.Courses, func(c catalogue.Course) string { return c.Code })},
		{"sequences", count(before.Sequences, after.Sequences, func(s catalogue.Sequence) string { return s.Name })},
	} {
		fmt.Fprintf(&b, "%s: %d, of these %d new, %d changed; %d removed\n", line.kind, line.n.all, line.n.added, line.n.changed, line.n.removed)
		changed = changed || line.n.added+line.n.changed+line.n.removed > 0
	}
	if !changed {
		return "nothing changed\n"
	}
	return b.String()
}

type counts struct{ all, added, changed, removed int }

func count[T any](before, after []T, id func(T) string) counts {
	old := make(map[string][]byte, len(before))
	for _, v := range before {
		old[id(v)] = encoded(v)
	}
	n := counts{all: len(after)}
	for _, v := range after {
		switch was, there := old[id(v)]; {
		case !there:
			n.added++
		case !bytes.Equal(was, encoded(v)):
			n.changed++
		}
		delete(old, id(v))
	}
	n.removed = len(old)
	return n
}

// encoded makes values comparable; an empty list and none are the same.
func encoded(v any) []byte {
	b, _ := json.Marshal(v) // structs of strings and numbers always marshal
	return bytes.ReplaceAll(b, []byte("null"), []byte("[]"))
}
