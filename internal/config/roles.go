package config

import (
	"cmp"
	"net/netip"
	"path/filepath"
	"time"
)

// API is the settings of `tmd api`.
type API struct {
	Process
	Debug
	Server
	Limits
	Auth
	RedisServer
	JobRedis
	CacheRedis
	Mongo
	Uploads
	Attempt
}

func (*API) defaults(environ map[string]string) map[string]string { return pathStyle(environ) }

func (c *API) check(f *Faults) {
	c.Process.check(f)
	c.Server.check(f)
	c.Limits.check(f)
	c.Auth.check(f)
	if c.AuthMode == AuthNone {
		f.add("AUTH_MODE", "is none, which is for `tmd all` on loopback: set it to jwt")
	}
	c.JobRedis.check(f)
	c.CacheRedis.check(f)
	c.Mongo.check(f)
	c.Uploads.check(f)
	c.Attempt.check(f)
}

// Worker is the settings of `tmd worker`.
type Worker struct {
	Process
	HealthAddr Addr `env:"TMD_WORKER_HEALTH_ADDR" envDefault:":8081" help:"Where a worker serves /livez, /readyz, /health and /metrics."`
	Profiling  bool `env:"TMD_PROFILING" envDefault:"false" help:"Serve /debug/pprof beside the metrics."`
	Jobs
	ParserClient
	RedisServer
	JobRedis
	Mongo
	Uploads
}

func (*Worker) defaults(environ map[string]string) map[string]string { return pathStyle(environ) }

func (c *Worker) check(f *Faults) {
	c.Process.check(f)
	c.Jobs.check(f)
	c.ParserClient.check(f, c.JobTimeout)
	c.JobRedis.check(f)
	c.Mongo.check(f)
	c.Uploads.check(f)
}

// Parser is the settings of `tmd parser`. It has no secrets but where its errors go.
type Parser struct {
	Process
	Debug
	ParserPort Port `env:"TMD_PARSER_PORT" envDefault:"15001" help:"The parser's port."`
	Pool
}

// The parser shares its pod's network with the worker, and its metrics must not take the port of another role's.
func (*Parser) defaults(environ map[string]string) map[string]string {
	return map[string]string{"TMD_METRICS_ADDR": ":9091", "TMD_CACHE_DIR": cacheDir(environ)}
}

func (c *Parser) check(f *Faults) {
	c.Process.check(f)
	c.Pool.check(f)
}

// All is the settings of `tmd all`: everything in one process, on loopback, without a server to install.
type All struct {
	Process
	Debug
	Server
	Limits
	Auth
	DataDir  string        `env:"TMD_DATA_DIR" default:"the user's data folder" help:"Where tmd all keeps its database and uploads."`
	JobURL   SecretURL     `env:"REDIS_JOB_URL" help:"A real Redis for the queue and the job records. Without one they are in memory and end with the process."`
	CacheTTL time.Duration `env:"TMD_CACHE_TTL" envDefault:"300s" help:"How long a response of the catalogue is cached."`
	Jobs
	Pool
}

func (*All) defaults(environ map[string]string) map[string]string {
	return map[string]string{
		"NODE_ENV":         string(Development),
		"AUTH_MODE":        string(AuthNone),
		"TMD_LISTEN_HOST":  "127.0.0.1",
		"TMD_METRICS_ADDR": string(Off),
		"TMD_DATA_DIR":     dataDir(environ),
		"TMD_CACHE_DIR":    cacheDir(environ),
		// One local user means no harm to anybody else.
		"TMD_RATE_LIMIT":         "0",
		"TMD_RATE_LIMIT_UPLOADS": "0",
		"TMD_MAX_JOBS_PER_OWNER": "0",
	}
}

func (c *All) check(f *Faults) {
	c.Process.check(f)
	c.Server.check(f)
	c.Limits.check(f)
	c.Auth.check(f)
	if ip, err := netip.ParseAddr(c.Host); c.AuthMode == AuthNone && err == nil && !ip.IsLoopback() {
		f.add("TMD_LISTEN_HOST", "is %s while AUTH_MODE is none: listen on 127.0.0.1, or set AUTH_MODE=jwt and JWT_SECRET", c.Host)
	}
	if !c.JobURL.Empty() {
		f.redis("REDIS_JOB_URL", c.JobURL)
	}
	f.between("TMD_CACHE_TTL", c.CacheTTL, time.Second, 24*time.Hour)
	c.Jobs.check(f)
	c.Pool.check(f)
}

// Parse is the settings of `tmd parse`.
type Parse struct {
	Pool
}

func (*Parse) defaults(environ map[string]string) map[string]string {
	return map[string]string{"TMD_CACHE_DIR": cacheDir(environ)}
}

func (c *Parse) check(f *Faults) { c.Pool.check(f) }

// Seed is the settings of `tmd seed`.
type Seed struct {
	Mongo
	RedisServer
	CacheURL SecretURL `env:"REDIS_CACHE_URL" help:"Redis of the response cache, as redis://host:port/0. Without one the cached catalogue ends by itself."`
}

func (*Seed) defaults(map[string]string) map[string]string { return nil }

func (c *Seed) check(f *Faults) {
	c.Mongo.check(f)
	if !c.CacheURL.Empty() {
		f.redis("REDIS_CACHE_URL", c.CacheURL)
	}
}

// Token is the settings of `tmd token`.
type Token struct {
	Environment Environment `env:"NODE_ENV" envDefault:"production" help:"Where this runs: production refuses development tokens."`
	Signing
}

// A shell without NODE_ENV is a developer's.
func (*Token) defaults(map[string]string) map[string]string {
	return map[string]string{"NODE_ENV": string(Development)}
}

func (c *Token) check(f *Faults) {
	c.Signing.check(f)
	if c.JWTSecret.Empty() {
		f.add("JWT_SECRET", "is missing: set it to the secret of the API that the token is for")
	}
}

// Upload is the settings of `tmd upload`.
type Upload struct {
	URL   WebURL `env:"TMD_URL" envDefault:"http://127.0.0.1:8000" help:"The API that tmd upload talks to."`
	Token Secret `env:"TMD_TOKEN" help:"The token that tmd upload sends."`
}

func (*Upload) defaults(map[string]string) map[string]string { return nil }

func (*Upload) check(*Faults) {}

// Role is a set of settings by the name of its command.
type Role struct {
	Name string
	New  func() Settings
}

// Command is how the role is started.
func (r Role) Command() string {
	if r.Name == "controller" {
		return "tmd-controller" // a program of its own, which alone knows Kubernetes
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
	}
}

// dataDir follows the XDG base directories; a process without a home keeps its state where it was started.
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
