// Package redisurl opens Redis clients from URLs, and turns their errors into faults:
//
//	redis://user:password@host:6379/1                           one server
//	rediss://host:6380/1                                        one server over TLS
//	unix:///run/redis.sock?db=1                                 one server on a socket
//	redis://sentinel:26379/1?master_name=main&addr=other:26379  the master that Sentinels name
//
// With Sentinels, user and password of the URL are those of the Sentinels; the parameters username and password are
// those of the server. Parameters of go-redis, such as pool_size, are honoured. Whatever the URL says, a call ends in
// time: a Redis that refuses connections, or accepts them and never answers, fails a call after DefaultTimeout.
package redisurl

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// DefaultTimeout bounds one call, including the wait for a connection, dialling, and retries.
const DefaultTimeout = budget.RedisCall

type options struct {
	timeout   time.Duration
	name      string
	cert, key string
}

// Option changes how a client behaves.
type Option func(*options)

// WithTimeout bounds each call by d instead of DefaultTimeout.
func WithTimeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// WithClientName sets the name of the connections in the server's CLIENT LIST.
func WithClientName(name string) Option { return func(o *options) { o.name = name } }

// WithClientCertificate presents a certificate to servers that ask for one. The files, PEM, are read for each
// connection, so that a renewed certificate needs no restart. Empty names are no certificate.
func WithClientCertificate(cert, key string) Option {
	return func(o *options) { o.cert, o.key = cert, key }
}

// addCertificate adds the certificate of the options to a connection with TLS.
func (o options) addCertificate(c *tls.Config) {
	if c == nil || o.cert == "" {
		return
	}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, fmt.Errorf("redisurl: client certificate: %w", err)
		}
		return &pair, nil
	}
}

// Open returns a client for the server of a URL. It connects at the first call, so a process starts without Redis as
// well. The error says what is wrong with the URL and does not repeat it.
func Open(rawURL string, opts ...Option) (redis.UniversalClient, error) {
	o := options{timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	single, failover, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	var client *redis.Client
	if failover != nil {
		withFailoverTimeouts(failover, o)
		o.addCertificate(failover.TLSConfig)
		client = redis.NewFailoverClient(failover)
	} else {
		withTimeouts(single, o)
		o.addCertificate(single.TLSConfig)
		client = redis.NewClient(single)
	}
	client.AddHook(deadline(o.timeout))
	return client, nil
}

// Validate returns what is wrong with a URL, without repeating it: it may hold a password.
func Validate(rawURL string) error {
	_, _, err := parseURL(rawURL)
	return err
}

func parseURL(rawURL string) (*redis.Options, *redis.FailoverOptions, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		// The error of net/url contains the URL with its password.
		var parsing *url.Error
		if errors.As(err, &parsing) {
			err = parsing.Err
		}
		return nil, nil, fmt.Errorf("redisurl: %w", err)
	}
	if err := checkParts(u); err != nil {
		return nil, nil, err
	}
	if !u.Query().Has("master_name") {
		single, err := redis.ParseURL(rawURL)
		if err != nil {
			return nil, nil, explainParameter(err)
		}
		if single.DB < 0 {
			return nil, nil, errDatabase
		}
		return single, nil, nil
	}
	if u.Query().Get("master_name") == "" {
		return nil, nil, errors.New("redisurl: master_name is empty: give the name that the Sentinels watch")
	}
	failover, err := redis.ParseFailoverURL(rawURL)
	if err != nil {
		return nil, nil, explainParameter(err)
	}
	if failover.DB < 0 {
		return nil, nil, errDatabase
	}
	if failover.TLSConfig != nil {
		// go-redis sets the first Sentinel's name, which the certificates of the others and of the master do not
		// contain; without a name each connection is checked against the host that it dials.
		failover.TLSConfig.ServerName = ""
	}
	return nil, failover, nil
}

// The steps of one call. They add up to less than the limit of the call, so that one lost packet leaves time for a
// second try; a hook enforces the limit of the call. A try whose answer comes too late is repeated: every command and
// script of this project may run twice.
const (
	dialShare  = 3 // a dial may take a third of the deadline
	replyShare = 2 // an answer half of it
	retries    = 2
	// A server that refuses connections does so at once. The pause keeps a caller that polls, such as a worker, from
	// dialling thousands of times a second.
	minPause = 50 * time.Millisecond
	maxPause = 200 * time.Millisecond
	// noPipelinePool keeps pipelines on the client's one pool. A second pool takes a quarter of a megabyte for each
	// connection, for long pipelines that this project does not send.
	noPipelinePool = -1
)

func withTimeouts(r *redis.Options, o options) {
	// Only Redis Enterprise announces maintenance; elsewhere asking for it costs one more command for each connection.
	r.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	r.ContextTimeoutEnabled = true
	r.DialerRetries = 1
	r.PipelinePoolSize = cmp.Or(r.PipelinePoolSize, noPipelinePool)
	r.ClientName = cmp.Or(r.ClientName, o.name)
	setLimits(o.timeout, limits{
		&r.DialTimeout, &r.ReadTimeout, &r.WriteTimeout, &r.PoolTimeout, &r.MaxRetries, &r.MinRetryBackoff, &r.MaxRetryBackoff,
	})
}

func withFailoverTimeouts(r *redis.FailoverOptions, o options) {
	r.ContextTimeoutEnabled = true
	r.DialerRetries = 1
	r.PipelinePoolSize = cmp.Or(r.PipelinePoolSize, noPipelinePool)
	r.ClientName = cmp.Or(r.ClientName, o.name)
	setLimits(o.timeout, limits{
		&r.DialTimeout, &r.ReadTimeout, &r.WriteTimeout, &r.PoolTimeout, &r.MaxRetries, &r.MinRetryBackoff, &r.MaxRetryBackoff,
	})
}

// limits are the fields that the two option types of go-redis have in common.
type limits struct {
	dial, read, write, pool *time.Duration
	retries                 *int
	minPause, maxPause      *time.Duration
}

// setLimits sets the limits of the steps of a call that the URL does not set.
func setLimits(call time.Duration, l limits) {
	// 0 and less switch a limit off in go-redis, and end each dial at once.
	for _, one := range []struct {
		limit    *time.Duration
		fallback time.Duration
	}{{l.dial, call / dialShare}, {l.read, call / replyShare}, {l.write, call / replyShare}, {l.pool, call}} {
		if *one.limit <= 0 {
			*one.limit = one.fallback
		}
	}
	*l.retries = cmp.Or(*l.retries, retries)
	*l.minPause = cmp.Or(*l.minPause, minPause)
	*l.maxPause = cmp.Or(*l.maxPause, maxPause)
}

// deadline is a hook that bounds each command and pipeline, also for a caller without a deadline of its own.
// Subscriptions are not bounded: they wait for as long as they are open.
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
