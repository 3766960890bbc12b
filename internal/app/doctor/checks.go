package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/app/storage"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/redischeck"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// maxSkew is the difference of two clocks above which tokens and leases misbehave: tokens allow 30 s.
const maxSkew = 5 * time.Second

// maxKeySet bounds the answer of the identity provider, in bytes.
const maxKeySet = 1 << 20

// listChecks returns the checks of what the settings name.
func listChecks(c config.Doctor) []check {
	checks := []check{
		{"redis of the jobs", func(ctx context.Context, log *slog.Logger) (string, error) { return checkJobs(ctx, c, log) }},
		{"database", func(ctx context.Context, log *slog.Logger) (string, error) { return checkDatabase(ctx, c, log) }},
		{"uploads", func(ctx context.Context, log *slog.Logger) (string, error) { return checkUploads(ctx, c, log) }},
	}
	if !c.CacheURL.Empty() {
		checks = append(checks, check{"redis of the cache", func(ctx context.Context, _ *slog.Logger) (string, error) { return checkCache(ctx, c) }})
	}
	if c.ParserURL != "" {
		checks = append(checks, check{"parser", func(ctx context.Context, log *slog.Logger) (string, error) { return checkParser(ctx, c, log) }})
	}
	if c.JWKSURL != "" {
		checks = append(checks, check{"identity provider", func(ctx context.Context, _ *slog.Logger) (string, error) { return checkKeys(ctx, string(c.JWKSURL)) }})
	}
	return append(checks, check{"keda", func(ctx context.Context, log *slog.Logger) (string, error) {
		return checkKEDA(ctx, c, accountFolder, log)
	}})
}

func openRedis(url config.SecretURL, setting string, c config.RedisTLS) (redis.UniversalClient, error) {
	client, err := redisurl.Open(url.Reveal(), redisurl.WithClientName("tmd-doctor"), redisurl.WithClientCertificate(c.RedisCert, c.RedisKey))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return client, nil
}

func checkJobs(ctx context.Context, c config.Doctor, log *slog.Logger) (string, error) {
	setting := c.JobURL.Setting()
	client, err := openRedis(c.JobURL, setting, c.RedisTLS)
	if err != nil {
		return "", err
	}
	defer func() { _ = client.Close() }()
	if err := redischeck.CheckJobs(ctx, client, log); err != nil {
		return "", explainRedis(setting, err)
	}
	before := time.Now()
	if theirs, err := client.Time(ctx).Result(); err == nil {
		warnOfSkew(log, "Redis", before, theirs)
	}
	return describeRedis(ctx, client), nil
}

// warnOfSkew warns of a server whose clock differs from that of this machine.
func warnOfSkew(log *slog.Logger, server string, ours, theirs time.Time) {
	if skew := theirs.Sub(ours).Abs(); skew > maxSkew {
		log.Warn(fmt.Sprintf("the clocks of this machine and of %s differ by %v: synchronize both", server, skew.Round(time.Second)))
	}
}

// explainRedis names the setting. An unfit Redis says itself what to change.
func explainRedis(setting string, err error) error {
	if redischeck.IsUnfit(err) {
		return fmt.Errorf("%s: %w", setting, err)
	}
	return fmt.Errorf("%s: %w: check that Redis runs, the address, name servers and the network policies", setting, err)
}

// serverVersion matches the version in INFO. Valkey reports the Redis version that it is compatible with as well.
var serverVersion = regexp.MustCompile(`(?m)^(valkey_version|redis_version):(\S+)`)

func describeRedis(ctx context.Context, client redis.UniversalClient) string {
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return "usable; its version cannot be read"
	}
	found := "usable"
	for _, m := range serverVersion.FindAllStringSubmatch(info, -1) {
		found += ", " + m[1] + " " + m[2]
	}
	return found
}

func checkCache(ctx context.Context, c config.Doctor) (string, error) {
	setting := c.CacheURL.Setting()
	client, err := openRedis(c.CacheURL, setting, c.RedisTLS)
	if err != nil {
		return "", err
	}
	defer func() { _ = client.Close() }()
	if err := redischeck.CheckCache(ctx, client); err != nil {
		return "", explainRedis(setting, err)
	}
	return describeRedis(ctx, client), nil
}

func checkDatabase(ctx context.Context, c config.Doctor, log *slog.Logger) (string, error) {
	store, err := mongostore.Open(mongostore.Config{URI: c.MongoURI.Reveal()})
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.MongoURI.Setting(), err)
	}
	defer func() { _ = store.Close(context.WithoutCancel(ctx)) }()
	switch err := store.CheckAccess(ctx); {
	case mongostore.IsUnfit(err):
		return "", fmt.Errorf("%s: %w", c.MongoURI.Setting(), err)
	case err != nil:
		return "", fmt.Errorf("%s: %w: check that MongoDB runs, the address and the network policies", c.MongoURI.Setting(), err)
	}
	found := "answers"
	before := time.Now()
	if server, err := store.DescribeServer(ctx); err == nil { // an account may lack the right
		found += ", version " + server.Version
		warnOfSkew(log, "MongoDB", before, server.Clock)
	}
	editions, err := store.LoadEditions(ctx)
	if err != nil || len(editions) == 0 {
		log.Warn("No catalogue is loaded, and workers wait for it: run tmd seed")
		return found, nil
	}
	return fmt.Sprintf("%s, %d editions of the catalogue", found, len(editions)), nil
}

func checkUploads(ctx context.Context, c config.Doctor, log *slog.Logger) (string, error) {
	store, err := storage.Open(ctx, c.Uploads, log)
	if err != nil {
		return "", err
	}
	defer func() { _ = store.Close() }()
	if err := store.CheckAccess(ctx); err != nil {
		return "", fmt.Errorf("%s: %w", c.Uploads.Setting(), err)
	}
	return "can be written, read, listed and deleted", nil
}

func checkParser(ctx context.Context, c config.Doctor, log *slog.Logger) (string, error) {
	client, err := parserapi.NewClient(parserapi.ClientDeps{
		BaseURL: string(c.ParserURL), Timeout: checkLimit, MaxCalls: 1, Logger: log, Registerer: prometheus.NewRegistry(), Clock: time.Now,
	})
	if err != nil {
		return "", err
	}
	defer client.Close()
	if err := client.Check(ctx); err != nil {
		return "", fmt.Errorf("PYTHON_UTILS_URL: %w: look at the log of the parser", err)
	}
	return "ready", nil
}

// checkKeys reads the keys of the identity provider as the API does.
func checkKeys(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("TMD_JWKS_URL: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("TMD_JWKS_URL: %w: check the address, name servers and the network policies", err)
	}
	defer answer.Body.Close()
	var set struct{ Keys []json.RawMessage }
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("TMD_JWKS_URL: the answer is %s: give the address of the key set", answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxKeySet)).Decode(&set); err != nil {
		return "", fmt.Errorf("TMD_JWKS_URL: the answer is no key set: %w", err)
	}
	if len(set.Keys) == 0 {
		return "", errors.New("TMD_JWKS_URL: the key set is empty")
	}
	return fmt.Sprintf("%d keys", len(set.Keys)), nil
}
