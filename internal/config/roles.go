package config

import (
	"cmp"
	"maps"
	"net/netip"
	"path/filepath"
	"time"
)

// API holds the settings of `tmd api`.
type API struct {
	Process
	Traces
	Debug
	Server
	Limits
	Auth
	SignIn
	RedisServer
	JobRedis
	CacheRedis
	RedisTLS
	Installation
	Mongo
	Uploads
	Attempt
	Startup
}

func (*API) defaultValues(environ map[string]string) map[string]string { return pathStyle(environ) }

func (c *API) checkValues(f *Faults) {
	c.Process.checkValues(f)
	c.Traces.checkValues(f)
	c.Server.checkValues(f)
	c.Limits.checkValues(f)
	c.Auth.checkValues(f)
	if c.AuthMode == AuthNone {
		f.addFault("AUTH_MODE", "is none, which is for `tmd all` on loopback: set it to jwt")
	}
	c.SignIn.checkValues(f, c.AuthMode, false)
	c.JobRedis.checkValues(f)
	c.CacheRedis.checkValues(f)
	c.RedisTLS.checkValues(f, c.JobURL, c.CacheURL)
	c.Installation.checkValues(f)
	c.Mongo.checkValues(f)
	c.Uploads.checkValues(f)
	c.Attempt.checkValues(f)
	c.Startup.checkValues(f)
}

// Worker holds the settings of `tmd worker`.
type Worker struct {
	Process
	Traces
	HealthAddr Addr `env:"TMD_WORKER_HEALTH_ADDR" envDefault:":8081" help:"Where a worker serves /livez, /readyz, /health and /metrics."`
	Profiling  bool `env:"TMD_PROFILING" envDefault:"false" help:"Serve /debug/pprof on the port of the metrics."`
	Jobs
	ParserClient
	RedisServer
	JobRedis
	RedisTLS
	Installation
	Mongo
	Uploads
}

func (*Worker) defaultValues(environ map[string]string) map[string]string { return pathStyle(environ) }

func (c *Worker) checkValues(f *Faults) {
	c.Process.checkValues(f)
	c.Traces.checkValues(f)
	if c.HealthAddr == Off {
		f.addFault("TMD_WORKER_HEALTH_ADDR", "is off: give host:port or :port, since probes and metrics need it")
	}
	c.Jobs.checkValues(f)
	c.ParserClient.checkValues(f, c.JobTimeout)
	c.JobRedis.checkValues(f)
	c.RedisTLS.checkValues(f)
	c.Installation.checkValues(f)
	c.Mongo.checkValues(f)
	c.Uploads.checkValues(f)
}

// Parser holds the settings of `tmd parser`. Its only secret is SENTRY_DSN.
type Parser struct {
	Process
	Traces
	Debug
	ParserPort Port `env:"TMD_PARSER_PORT" envDefault:"15001" help:"The parser's port."`
	Pool
}

// The parser shares the network of its pod with the worker, so its metrics need another port.
func (*Parser) defaultValues(environ map[string]string) map[string]string {
	return map[string]string{"TMD_METRICS_ADDR": ":9091", "TMD_CACHE_DIR": cacheDir(environ)}
}

func (c *Parser) checkValues(f *Faults) {
	c.Process.checkValues(f)
	c.Traces.checkValues(f)
	c.Pool.checkValues(f)
}

// All holds the settings of `tmd all`: everything in one process, on loopback, without another server.
type All struct {
	Process
	Traces
	Debug
	Server
	Limits
	Auth
	SignIn
	DataDir string `env:"TMD_DATA_DIR" default:"the user's data folder" help:"The folder of the database and the uploads of tmd all."`
	CatalogueFiles
	JobURL   SecretURL     `env:"REDIS_JOB_URL" help:"A Redis server for the queue and the job records. Without one they are in memory and end with the process."`
	CacheTTL time.Duration `env:"TMD_CACHE_TTL" envDefault:"300s" help:"How long a response of the catalogue is cached."`
	RedisTLS
	Installation
	Jobs
	Pool
}

func (*All) defaultValues(environ map[string]string) map[string]string {
	return map[string]string{
		"NODE_ENV":         string(Development),
		"AUTH_MODE":        string(AuthNone),
		"TMD_LISTEN_HOST":  "127.0.0.1",
		"TMD_METRICS_ADDR": string(Off),
		"TMD_DATA_DIR":     dataDir(environ),
		"TMD_CACHE_DIR":    cacheDir(environ),
		// A single local user needs no limit.
		"TMD_RATE_LIMIT":         "0",
		"TMD_RATE_LIMIT_UPLOADS": "0",
		"TMD_MAX_JOBS_PER_OWNER": "0",
	}
}

func (c *All) checkValues(f *Faults) {
	c.Process.checkValues(f)
	c.Traces.checkValues(f)
	c.Server.checkValues(f)
	c.Limits.checkValues(f)
	c.Auth.checkValues(f)
	if ip, err := netip.ParseAddr(c.Host); c.AuthMode == AuthNone && err == nil && !ip.IsLoopback() {
		f.addFault("TMD_LISTEN_HOST", "is %s while AUTH_MODE is none: listen on 127.0.0.1, or set AUTH_MODE=jwt and JWT_SECRET", c.Host)
	}
	c.SignIn.checkValues(f, c.AuthMode, true)
	if !c.JobURL.Empty() {
		f.checkRedisURL("REDIS_JOB_URL", c.JobURL)
	}
	c.RedisTLS.checkValues(f)
	c.Installation.checkValues(f)
	f.checkDuration("TMD_CACHE_TTL", c.CacheTTL, time.Second, 24*time.Hour)
	c.Jobs.checkValues(f)
	c.Pool.checkValues(f)
}

// Parse holds the settings of `tmd parse`.
type Parse struct {
	Pool
}

func (*Parse) defaultValues(environ map[string]string) map[string]string {
	return map[string]string{"TMD_CACHE_DIR": cacheDir(environ)}
}

func (c *Parse) checkValues(f *Faults) { c.Pool.checkValues(f) }

// Seed holds the settings of `tmd seed`.
type Seed struct {
	Mongo
	CatalogueFiles
	RedisServer
	CacheURL SecretURL `env:"REDIS_CACHE_URL" help:"Redis of the response cache, as redis://host:port/0. Without it the cached catalogue expires after some minutes."`
	RedisTLS
}

func (*Seed) defaultValues(map[string]string) map[string]string { return nil }

func (c *Seed) checkValues(f *Faults) {
	c.Mongo.checkValues(f)
	if !c.CacheURL.Empty() {
		f.checkRedisURL("REDIS_CACHE_URL", c.CacheURL)
	}
	c.RedisTLS.checkValues(f)
}

// Catalogue holds the settings of `tmd catalogue`. The store is MongoDB, or without MONGODB_URI the data folder of
// `tmd all`.
type Catalogue struct {
	MongoURI SecretURL `env:"MONGODB_URI" help:"MongoDB, as mongodb://user:password@host:27017/trackmydegree. The path names the database."`
	DataDir  string    `env:"TMD_DATA_DIR" default:"the user's data folder" help:"The folder of the database and the uploads of tmd all."`
	RedisServer
	CacheURL SecretURL `env:"REDIS_CACHE_URL" help:"Redis of the response cache, as redis://host:port/0. Without it the cached catalogue expires automatically."`
	RedisTLS
}

func (*Catalogue) defaultValues(environ map[string]string) map[string]string {
	return map[string]string{"TMD_DATA_DIR": dataDir(environ)}
}

func (c *Catalogue) checkValues(f *Faults) {
	c.RedisTLS.checkValues(f)
	if !c.MongoURI.Empty() {
		(&Mongo{c.MongoURI}).checkValues(f)
	}
	if !c.CacheURL.Empty() {
		f.checkRedisURL("REDIS_CACHE_URL", c.CacheURL)
	}
}

// Backup holds the settings of `tmd backup` and `tmd restore`. The target is an argument.
type Backup struct {
	Catalogue
	S3Server
}

func (c *Backup) defaultValues(environ map[string]string) map[string]string {
	values := c.Catalogue.defaultValues(environ)
	maps.Copy(values, pathStyle(environ))
	return values
}

func (c *Backup) checkValues(f *Faults) {
	c.Catalogue.checkValues(f)
	c.S3Server.checkValues(f)
}

// Queue holds the settings of `tmd queue`.
type Queue struct {
	RedisServer
	JobRedis
	RedisTLS
	Uploads
	Attempt
}

func (*Queue) defaultValues(map[string]string) map[string]string { return nil }

func (c *Queue) checkValues(f *Faults) {
	c.JobRedis.checkValues(f)
	c.RedisTLS.checkValues(f)
	c.Uploads.checkValues(f)
	c.Attempt.checkValues(f)
}

// Token holds the settings of `tmd token`.
type Token struct {
	Environment Environment `env:"NODE_ENV" envDefault:"production" help:"The environment: production refuses development tokens."`
	Signing
}

// A shell without NODE_ENV is a developer's.
func (*Token) defaultValues(map[string]string) map[string]string {
	return map[string]string{"NODE_ENV": string(Development)}
}

func (c *Token) checkValues(f *Faults) {
	c.Signing.checkValues(f)
	if c.JWTSecret.isEmpty() {
		f.addFault("JWT_SECRET", "is missing: set it to the secret of the API that the token is for")
	}
}

// Upload holds the settings of `tmd upload`.
type Upload struct {
	URL   WebURL `env:"TMD_URL" envDefault:"http://127.0.0.1:8000" help:"The address of the API for tmd upload."`
	Token Secret `env:"TMD_TOKEN" help:"The token that tmd upload sends."`
}

func (*Upload) defaultValues(map[string]string) map[string]string { return nil }

func (*Upload) checkValues(*Faults) {}

// Role names a command and its settings.
type Role struct {
	Name string
	New  func() Settings
}

// Command returns the command line of the role.
func (r Role) Command() string {
	if r.Name == "controller" {
		return "tmd-controller" // a separate program: no other links the Kubernetes libraries
	}
	return "tmd " + r.Name
}

// Roles lists every command that reads settings, long-running roles first.
func Roles() []Role {
	return []Role{
		{"api", func() Settings { return &API{} }},
		{"worker", func() Settings { return &Worker{} }},
		{"parser", func() Settings { return &Parser{} }},
		{"controller", func() Settings { return &Controller{} }},
		{"all", func() Settings { return &All{} }},
		{"upload", func() Settings { return &Upload{} }},
		{"parse", func() Settings { return &Parse{} }},
		{"token", func() Settings { return &Token{} }},
		{"seed", func() Settings { return &Seed{} }},
		{"queue", func() Settings { return &Queue{} }},
		{"catalogue", func() Settings { return &Catalogue{} }},
		{"doctor", func() Settings { return &Doctor{} }},
		{"backup", func() Settings { return &Backup{} }},
	}
}

// dataDir follows the XDG base directory specification. A process without a home uses its working directory.
func dataDir(environ map[string]string) string {
	if dir := environ["XDG_DATA_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "trackmydegree")
	}
	if home := environ["HOME"]; home != "" {
		return filepath.Join(home, ".local", "share", "trackmydegree")
	}
	return "data"
}

func cacheDir(environ map[string]string) string {
	if dir := environ["XDG_CACHE_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "trackmydegree")
	}
	if home := environ["HOME"]; home != "" && home != "/" {
		return filepath.Join(home, ".cache", "trackmydegree")
	}
	return filepath.Join(cmp.Or(environ["TMPDIR"], "/tmp"), "trackmydegree")
}
