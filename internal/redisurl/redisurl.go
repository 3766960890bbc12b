// Package redisurl makes Redis clients from URLs:
//
//	redis://user:password@host:6379/1                           one server
//	rediss://host:6380/1                                        one server over TLS
//	unix:///run/redis.sock?db=1                                 one server on a socket
//	redis://sentinel:26379/1?master_name=main&addr=other:26379  the master that Sentinels name
//
// With Sentinels, user and password of the URL are theirs; those of the server are the parameters username and password.
// go-redis' own parameters, such as pool_size, are honoured. Whatever the URL says, a call ends in time: a Redis that is
// dead, or that accepts connections and says nothing, fails a call after DefaultTimeout and never hangs it.
package redisurl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// DefaultTimeout bounds one call: waiting for a connection, dialling, and trying again included.
const DefaultTimeout = budget.RedisCall

type options struct {
	timeout time.Duration
	name    string
}

// Option changes how a client behaves.
type Option func(*options)

// Timeout bounds each call by d instead of DefaultTimeout.
func Timeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// Name is how the server's CLIENT LIST shows the connections.
func Name(name string) Option { return func(o *options) { o.name = name } }

// Open returns a client for the server that the URL names. It connects at the first call, so a Redis that is down does
// not keep a process from starting.
func Open(rawURL string, opts ...Option) (redis.UniversalClient, error) {
	o := options{timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	single, failover, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	var client *redis.Client
	if failover != nil {
		withFailoverTimeouts(failover, o)
		client = redis.NewFailoverClient(failover)
	} else {
		withTimeouts(single, o)
		client = redis.NewClient(single)
	}
	client.AddHook(deadline(o.timeout))
	return client, nil
}

// Validate says what is wrong with a URL, without repeating it: it may hold a password.
func Validate(rawURL string) error {
	_, _, err := parse(rawURL)
	return err
}

// Redacted returns the URL without its secrets, for logs and health pages.
func Redacted(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "(no URL)"
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

func parse(rawURL string) (*redis.Options, *redis.FailoverOptions, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		// The error of net/url repeats the URL, password and all.
		var parsing *url.Error
		if errors.As(err, &parsing) {
			err = parsing.Err
		}
		return nil, nil, fmt.Errorf("redisurl: %w", err)
	}
	if u.Scheme != "unix" && u.Hostname() == "" {
		return nil, nil, errors.New("redisurl: no host: write redis://host:6379/1")
	}
	if !u.Query().Has("master_name") {
		single, err := redis.ParseURL(rawURL)
		if err != nil {
			return nil, nil, fmt.Errorf("redisurl: %w", err)
		}
		return single, nil, nil
	}
	if u.Query().Get("master_name") == "" {
		return nil, nil, errors.New("redisurl: master_name is empty: give the name that the Sentinels watch")
	}
	failover, err := redis.ParseFailoverURL(rawURL)
	if err != nil {
		return nil, nil, fmt.Errorf("redisurl: %w", err)
	}
	if failover.TLSConfig != nil {
		// go-redis sets the first Sentinel's name, which the certificates of the others and of the master do not carry;
		// without a name each connection is checked against the host that it dials.
		failover.TLSConfig.ServerName = ""
	}
	return nil, failover, nil
}

// The steps of one call. They add up to less than the deadline of the call, which a hook holds whatever happens, so that
// one lost packet still leaves time for a second try. A try that was answered too late is repeated: every command and
// script of this project may run twice.
const (
	dialShare  = 3 // a dial may take a third of the deadline
	replyShare = 2 // an answer half of it
	retries    = 2
	// A server that refuses connections answers at once. The pause keeps those who ask again at once, such as a worker
	// that polls, from asking thousands of times a second.
	minPause = 50 * time.Millisecond
	maxPause = 200 * time.Millisecond
	// noPipelinePool keeps pipelines on the client's one pool: a second one holds a quarter of a megabyte a connection,
	// for long pipelines that nobody here sends.
	noPipelinePool = -1
)

func withTimeouts(r *redis.Options, o options) {
	// Only Redis Enterprise announces maintenance; elsewhere asking for it is one more command for each connection.
	r.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	r.ContextTimeoutEnabled = true
	r.DialerRetries = 1
	r.ClientName = cmp.Or(r.ClientName, o.name)
	r.DialTimeout = cmp.Or(r.DialTimeout, o.timeout/dialShare)
	r.ReadTimeout = cmp.Or(r.ReadTimeout, o.timeout/replyShare)
	r.WriteTimeout = cmp.Or(r.WriteTimeout, o.timeout/replyShare)
	r.PoolTimeout = cmp.Or(r.PoolTimeout, o.timeout)
	r.MaxRetries = cmp.Or(r.MaxRetries, retries)
	r.MinRetryBackoff = cmp.Or(r.MinRetryBackoff, minPause)
	r.MaxRetryBackoff = cmp.Or(r.MaxRetryBackoff, maxPause)
	r.PipelinePoolSize = cmp.Or(r.PipelinePoolSize, noPipelinePool)
}

func withFailoverTimeouts(r *redis.FailoverOptions, o options) {
	r.ContextTimeoutEnabled = true
	r.DialerRetries = 1
	r.ClientName = cmp.Or(r.ClientName, o.name)
	r.DialTimeout = cmp.Or(r.DialTimeout, o.timeout/dialShare)
	r.ReadTimeout = cmp.Or(r.ReadTimeout, o.timeout/replyShare)
	r.WriteTimeout = cmp.Or(r.WriteTimeout, o.timeout/replyShare)
	r.PoolTimeout = cmp.Or(r.PoolTimeout, o.timeout)
	r.MaxRetries = cmp.Or(r.MaxRetries, retries)
	r.MinRetryBackoff = cmp.Or(r.MinRetryBackoff, minPause)
	r.MaxRetryBackoff = cmp.Or(r.MaxRetryBackoff, maxPause)
	r.PipelinePoolSize = cmp.Or(r.PipelinePoolSize, noPipelinePool)
}

// deadline is a hook that ends each command and pipeline in time, also for callers without a deadline of their own.
// Subscriptions are not touched: they wait for as long as they are open.
type deadline time.Duration

func (d deadline) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d deadline) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(d))
		defer cancel()
		return next(ctx, cmd)
	}
}

func (d deadline) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(d))
		defer cancel()
		return next(ctx, cmds)
	}
}
