package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The groups of settings that roles combine. The tags of a field hold the name, the default and the sentence of
// docs/configuration.md. Field names are unique within a role.

// Process holds the settings of every long-running role.
type Process struct {
	// NODE_ENV: name kept from the earlier system.
	Environment   Environment   `env:"NODE_ENV" envDefault:"production" help:"The environment: development, staging, production or test. Error reports carry it, and production refuses development tokens."`
	SentryDSN     SecretURL     `env:"SENTRY_DSN" help:"The Sentry project that receives error reports. Without it nothing is reported."`
	LogLevel      slog.Level    `env:"TMD_LOG_LEVEL" envDefault:"info" help:"The least severe log line: debug, info, warn or error."`
	LogFormat     LogFormat     `env:"TMD_LOG_FORMAT" envDefault:"auto" help:"json, text, or auto: text on a terminal, JSON elsewhere."`
	ShutdownGrace time.Duration `env:"TMD_SHUTDOWN_GRACE" envDefault:"25s" help:"Time for running work to finish after SIGTERM. Keep it below the pod's terminationGracePeriodSeconds."`
	ShutdownDelay time.Duration `env:"TMD_SHUTDOWN_DELAY" envDefault:"0s" help:"How long the process still serves after readiness is false, so that load balancers notice. It is part of the grace."`
}

func (p *Process) checkValues(f *Faults) {
	if !p.SentryDSN.Empty() && !isDSN(p.SentryDSN.Reveal()) {
		f.addFault("SENTRY_DSN", "is not a DSN: copy it from the project's client keys, https://key@host/project")
	}
	f.checkDuration("TMD_SHUTDOWN_GRACE", p.ShutdownGrace, time.Second, time.Hour)
	if f.hasFault("TMD_SHUTDOWN_GRACE") {
		return
	}
	if p.ShutdownDelay < 0 || p.ShutdownDelay >= p.ShutdownGrace {
		f.addFault("TMD_SHUTDOWN_DELAY", "is %v: give less than TMD_SHUTDOWN_GRACE, which is %v", p.ShutdownDelay, p.ShutdownGrace)
	}
}

// isDSN reports whether text has the parts of a Sentry DSN: scheme, key, host and project.
func isDSN(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && u.User.Username() != "" && path.Base(u.Path) != "/" && path.Base(u.Path) != "." &&
		!strings.HasSuffix(u.Path, "/") && slices.Contains([]string{"http", "https"}, u.Scheme)
}

// Debug configures the server of metrics and build information, on a port of its own.
type Debug struct {
	MetricsAddr Addr `env:"TMD_METRICS_ADDR" envDefault:":9090" help:"Where /metrics and /version are served, or off."`
	Profiling   bool `env:"TMD_PROFILING" envDefault:"false" help:"Serve /debug/pprof on the port of the metrics."`
}

// Server configures the API's own port.
type Server struct {
	// BACKEND_PORT: name kept from the earlier system.
	Port        Port     `env:"BACKEND_PORT" envDefault:"8000" help:"The API's port. 0 lets the system choose."`
	Host        string   `env:"TMD_LISTEN_HOST" envDefault:"0.0.0.0" help:"The IP address that the API listens on."`
	CORSOrigins []string `env:"TMD_CORS_ORIGINS" help:"Origins of web pages on other hosts that may call the API, separated by commas: https://app.example.org."`
	// 650 s: load balancers keep an idle connection up to 600 s, and answer 502 when its server closes it first.
	IdleTimeout time.Duration `env:"TMD_IDLE_TIMEOUT" envDefault:"650s" help:"How long the API keeps a connection without a request. Keep it longer than the load balancer in front of it does, which is 60s to 600s."`
	LegacyAPI   bool          `env:"TMD_LEGACY_API" envDefault:"false" help:"Answer the routes of the earlier system's API as well, for its front end: docs/migration.md."`
	HSTSMaxAge  time.Duration `env:"TMD_HSTS_MAX_AGE" envDefault:"0s" help:"How long browsers that visited use TLS alone for the API's host (Strict-Transport-Security), such as 8760h. 0s sends no such header; set it once the whole host is served over TLS permanently."`
}

// Addr returns the address on which the API listens.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, s.Port.String()) }

func (s *Server) checkValues(f *Faults) {
	if _, err := netip.ParseAddr(s.Host); err != nil {
		f.addFault("TMD_LISTEN_HOST", "is %q: give an IP address such as 127.0.0.1 or 0.0.0.0", s.Host)
	}
	f.checkDuration("TMD_IDLE_TIMEOUT", s.IdleTimeout, 10*time.Second, 2*time.Hour)
	f.checkDuration("TMD_HSTS_MAX_AGE", s.HSTSMaxAge, 0, 2*365*24*time.Hour)
	for _, o := range s.CORSOrigins {
		u, err := url.Parse(o)
		if strings.Contains(o, "@") { // possibly a password, which must not be repeated
			f.addFault("TMD_CORS_ORIGINS", "holds an address with a user or a password: give scheme and host alone, such as https://app.example.org")
			continue
		}
		switch {
		case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || o != u.Scheme+"://"+u.Host:
			f.addFault("TMD_CORS_ORIGINS", "holds %q: give scheme and host alone, such as https://app.example.org", o)
		case !isSentOrigin(u):
			f.addFault("TMD_CORS_ORIGINS", "holds %q, which no browser sends: give one host in small letters, without * and without the default port", o)
		}
	}
}

// isSentOrigin reports whether a browser sends the origin in this form: origins are compared as texts.
func isSentOrigin(u *url.URL) bool {
	isDefaultPort := u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80"
	return u.Host == strings.ToLower(u.Host) && !strings.Contains(u.Host, "*") && !isDefaultPort && !strings.HasSuffix(u.Host, ":")
}

// Limits bound the requests of one caller of the API.
type Limits struct {
	RateLimit       int           `env:"TMD_RATE_LIMIT" envDefault:"600" help:"Requests a minute for each caller. 0 sets no limit."`
	UploadRateLimit int           `env:"TMD_RATE_LIMIT_UPLOADS" envDefault:"30" help:"Uploads and forms a minute for each caller. 0 sets no limit."`
	MaxJobs         int           `env:"TMD_MAX_JOBS_PER_OWNER" envDefault:"100" help:"Unfinished jobs of one caller. 0 sets no limit."`
	UploadTimeout   time.Duration `env:"TMD_UPLOAD_TIMEOUT" envDefault:"60s" help:"How long a client may take to send a request's body."`
}

func (l *Limits) checkValues(f *Faults) {
	f.checkDuration("TMD_UPLOAD_TIMEOUT", l.UploadTimeout, time.Second, time.Hour)
	f.checkNumber("TMD_RATE_LIMIT", l.RateLimit, 0, 1_000_000)
	f.checkNumber("TMD_RATE_LIMIT_UPLOADS", l.UploadRateLimit, 0, 1_000_000)
	// At the limit, a submission makes Redis check each of the caller's jobs.
	f.checkNumber("TMD_MAX_JOBS_PER_OWNER", l.MaxJobs, 0, 10_000)
}

// Signing is the shared secret of development and of small installations.
type Signing struct {
	JWTSecret   Secret `env:"JWT_SECRET" help:"The secret that signs HS256 tokens, 32 bytes or more."`
	JWTIssuer   string `env:"TMD_JWT_ISSUER" help:"The issuer that a token must name."`
	JWTAudience string `env:"TMD_JWT_AUDIENCE" help:"The audience that a token must name."`
}

func (s *Signing) checkValues(f *Faults) {
	// RFC 7518, 3.2: a key for HS256 is at least as long as its hash.
	if n := len(s.JWTSecret.Reveal()); n > 0 && n < 32 {
		f.addFault("JWT_SECRET", "is shorter than 32 bytes: make one with `openssl rand -base64 48`")
	}
}

// Auth configures how the API authenticates its callers.
type Auth struct {
	Signing
	AuthMode   AuthMode `env:"AUTH_MODE" envDefault:"jwt" help:"jwt, or none: every caller is the one local user. none is for tmd all on loopback only."`
	RolesClaim string   `env:"TMD_JWT_ROLES_CLAIM" envDefault:"roles" help:"The claim that holds a caller's roles, or the path to it: realm_access.roles for Keycloak."`
	JWKSURL    WebURL   `env:"TMD_JWKS_URL" help:"The address of the identity provider's public keys. It replaces JWT_SECRET."`
}

func (a *Auth) checkValues(f *Faults) {
	a.Signing.checkValues(f)
	if strings.Contains(a.JWTAudience, ",") {
		f.addFault("TMD_JWT_AUDIENCE", "is %q: give one audience, which the tokens of all clients must name", a.JWTAudience)
	}
	if slices.Contains(strings.Split(a.RolesClaim, "."), "") {
		f.addFault("TMD_JWT_ROLES_CLAIM", "is %q: give the name of a claim, or names with one dot between two of them", a.RolesClaim)
	}
	switch {
	case a.AuthMode == AuthNone:
	case a.JWTSecret.isEmpty() && a.JWKSURL == "" && f.hasFault("TMD_JWKS_URL"): // one sentence is enough
	case a.JWTSecret.isEmpty() && a.JWKSURL == "":
		f.addFault("JWT_SECRET", "is missing: set it to 32 bytes or more (`openssl rand -base64 48`), or set TMD_JWKS_URL to your identity provider's keys")
	case !a.JWTSecret.isEmpty() && a.JWKSURL != "":
		f.addFault("TMD_JWKS_URL", "is set together with JWT_SECRET: keep one of the two")
	}
}

// RedisServer is the source of the two addresses of Redis when they are not set.
type RedisServer struct {
	RedisHost string `env:"REDIS_HOST" help:"A Redis server. REDIS_CACHE_URL (database 0) and REDIS_JOB_URL (database 1) are derived from it when they are not set."`
	RedisPort Port   `env:"REDIS_PORT" envDefault:"6379" help:"The port on REDIS_HOST."`
}

// RedisTLS is the certificate that a Redis may ask of its clients. Both addresses use it.
type RedisTLS struct {
	RedisCert string `env:"TMD_REDIS_TLS_CERT" help:"File of the client certificate, PEM, for a Redis that asks for one (rediss://). It is read again for each connection."`
	RedisKey  string `env:"TMD_REDIS_TLS_KEY" help:"File of the client certificate's key, PEM."`
}

// checkValues takes the addresses of a role that has both: the settings are often the same for all roles, some of which
// have one address, without TLS.
func (r *RedisTLS) checkValues(f *Faults, urls ...SecretURL) {
	isTLS := func(u SecretURL) bool { return u.schemeOf() == "rediss" }
	switch {
	case r.RedisCert == "" && r.RedisKey == "":
	case r.RedisKey == "":
		f.addFault("TMD_REDIS_TLS_KEY", "is missing: TMD_REDIS_TLS_CERT needs its key")
	case r.RedisCert == "":
		f.addFault("TMD_REDIS_TLS_CERT", "is missing: TMD_REDIS_TLS_KEY is the key of a certificate")
	case len(urls) > 0 && !slices.ContainsFunc(urls, isTLS):
		f.addFault("TMD_REDIS_TLS_CERT", "is set, and no address of Redis uses TLS: write rediss:// instead of redis://")
	default:
		f.checkKeyPair("TMD_REDIS_TLS_CERT", r.RedisCert, "TMD_REDIS_TLS_KEY", r.RedisKey)
	}
}

// Installation names the installation whose jobs are in a Redis.
type Installation struct {
	InstallationName string `env:"TMD_INSTALLATION" default:"an id that is stored in the database" help:"The name of this installation. Redis holds it, and a process of an installation with another name does not start on the same database of Redis."`
}

var installationName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (i *Installation) checkValues(f *Faults) {
	if i.InstallationName != "" && !installationName.MatchString(i.InstallationName) {
		f.addFault("TMD_INSTALLATION", "is %q: give up to 100 letters, digits, dots, hyphens and underscores", i.InstallationName)
	}
}

// JobRedis is the Redis of the queue and the job records.
type JobRedis struct {
	JobURL SecretURL `env:"REDIS_JOB_URL" help:"Redis of the queue and the job records, as redis://user:password@host:port/1; rediss:// for TLS, ?master_name=… for Sentinel. The server must not evict keys (maxmemory-policy noeviction)."`
}

func (r *JobRedis) checkValues(f *Faults) { f.checkRedisURL("REDIS_JOB_URL", r.JobURL) }

// CacheRedis is the Redis of the response cache.
type CacheRedis struct {
	CacheURL SecretURL     `env:"REDIS_CACHE_URL" help:"Redis of the response cache, as redis://host:port/0. It may evict keys. Without it the API works, but slower."`
	CacheTTL time.Duration `env:"TMD_CACHE_TTL" envDefault:"300s" help:"How long a response of the catalogue is cached."`
}

func (r *CacheRedis) checkValues(f *Faults) {
	f.checkRedisURL("REDIS_CACHE_URL", r.CacheURL)
	f.checkDuration("TMD_CACHE_TTL", r.CacheTTL, time.Second, 24*time.Hour)
}

// Mongo is the database of the catalogue and the saved timelines.
type Mongo struct {
	MongoURI SecretURL `env:"MONGODB_URI" help:"MongoDB, as mongodb://user:password@host:27017/trackmydegree. The path names the database."`
}

func (m *Mongo) checkValues(f *Faults) {
	switch {
	case m.MongoURI.Empty():
		f.addFault("MONGODB_URI", "is missing: set it to mongodb://host:27017/trackmydegree")
	case !slices.Contains([]string{"mongodb", "mongodb+srv"}, m.MongoURI.schemeOf()):
		f.addFault("MONGODB_URI", "is no MongoDB address: start it with mongodb:// or mongodb+srv://")
	}
}

// CatalogueFiles is where further editions of the catalogue are.
type CatalogueFiles struct {
	CatalogueFolder string `env:"TMD_CATALOGUE_FOLDER" help:"A folder with editions of the catalogue that are stored next to that of the program: the JSON files of one edition, or a folder or a zip file for each. An edition of the same year takes its place."`
}

// Uploads is the storage to which the API writes documents and from which every worker reads them.
type Uploads struct {
	Storage   Storage `env:"TMD_UPLOAD_STORAGE" envDefault:"volume" help:"The storage of documents until their job ends: volume (the folder TMD_UPLOAD_DIR) or s3 (the bucket TMD_S3_BUCKET)."`
	UploadDir string  `env:"TMD_UPLOAD_DIR" envDefault:"/var/lib/trackmydegree/uploads" help:"The folder of uploaded documents, shared by the API and every worker."`
	S3
}

// S3 is a bucket. Its credentials come from the standard sources of AWS: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
// or the identity of the pod or the machine.
type S3 struct {
	S3Bucket string `env:"TMD_S3_BUCKET" help:"The bucket of uploaded documents, with TMD_UPLOAD_STORAGE=s3. Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the identity that AWS gives a pod or a machine."`
	S3Prefix string `env:"TMD_S3_PREFIX" help:"The folder of documents in a bucket that is shared: trackmydegree/."`
	S3Server
}

// S3Server is a server of S3.
type S3Server struct {
	S3Region    string        `env:"TMD_S3_REGION" help:"The bucket's region. Servers other than AWS usually accept us-east-1."`
	S3Endpoint  WebURL        `env:"TMD_S3_ENDPOINT" help:"The address of an S3 server other than AWS."`
	S3Timeout   time.Duration `env:"TMD_S3_TIMEOUT" envDefault:"1200ms" help:"Idle timeout of calls to S3. With up to 1500ms an upload is answered with 503 within 2 s of an outage."`
	S3PathStyle bool          `env:"TMD_S3_PATH_STYLE" default:"true with TMD_S3_ENDPOINT" help:"Name the bucket in the path of requests instead of the host, as most servers other than AWS require."`
}

// pathStyle is the default of TMD_S3_PATH_STYLE.
func pathStyle(environ map[string]string) map[string]string {
	return map[string]string{"TMD_S3_PATH_STYLE": strconv.FormatBool(environ["TMD_S3_ENDPOINT"] != "")}
}

var (
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	// Folders of characters that need no escaping, without "." and "..", which some servers resolve.
	objectPrefix = regexp.MustCompile(`^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z0-9_-][A-Za-z0-9._-]*)?$`)
)

// Setting returns the name of the setting that says where documents are stored.
func (u *Uploads) Setting() string {
	if u.Storage == StorageS3 {
		return "TMD_S3_BUCKET"
	}
	return "TMD_UPLOAD_DIR"
}

func (u *Uploads) checkValues(f *Faults) {
	if f.hasFault("TMD_UPLOAD_STORAGE") {
		return
	}
	if u.Storage != StorageS3 {
		if u.S3Bucket != "" {
			f.addFault("TMD_S3_BUCKET", "is set while TMD_UPLOAD_STORAGE is %s: set TMD_UPLOAD_STORAGE=s3, or leave the bucket out", u.Storage)
		}
		return
	}
	switch {
	case u.S3Bucket == "":
		f.addFault("TMD_S3_BUCKET", "is missing: set it to the name of the bucket, or set TMD_UPLOAD_STORAGE=volume")
	case !bucketName.MatchString(u.S3Bucket):
		f.addFault("TMD_S3_BUCKET", "is %q: give the name alone, 3 to 63 lower-case letters, digits, dots and hyphens", u.S3Bucket)
	}
	if u.S3Region == "" {
		f.addFault("TMD_S3_REGION", "is missing: set it to the bucket's region; for a server other than AWS us-east-1 mostly is right")
	}
	u.S3Server.checkValues(f)
	if len(u.S3Prefix) > 512 || !objectPrefix.MatchString(u.S3Prefix) {
		f.addFault("TMD_S3_PREFIX", "is %q: give folders of letters, digits, dots, hyphens and underscores, such as trackmydegree/", u.S3Prefix)
	}
}

func (c *S3Server) checkValues(f *Faults) {
	if c.S3Region != "" && !regionName.MatchString(c.S3Region) {
		f.addFault("TMD_S3_REGION", "is %q: give a region such as ca-central-1", c.S3Region)
	}
	f.checkDuration("TMD_S3_TIMEOUT", c.S3Timeout, 100*time.Millisecond, time.Minute)
}

// ParseBucketURL reads s3://bucket/folder as the name of a bucket and the folder in it, which may be empty.
func ParseBucketURL(text string) (bucket, folder string, err error) {
	rest, ok := strings.CutPrefix(text, "s3://")
	bucket, folder, _ = strings.Cut(rest, "/")
	folder = strings.TrimRight(folder, "/")
	if !ok || !bucketName.MatchString(bucket) || len(folder) > 512 || !objectPrefix.MatchString(folder) {
		return "", "", fmt.Errorf("%q is no bucket: give s3://bucket/folder, the folder of letters, digits, dots, hyphens and underscores", text)
	}
	return bucket, folder, nil
}

// Attempt is the limit that the API stores with each job and the worker enforces.
type Attempt struct {
	JobTimeout time.Duration `env:"TMD_JOB_TIMEOUT" envDefault:"60s" help:"Time limit of one attempt of a job. The API stores it with the job."`
}

func (a *Attempt) checkValues(f *Faults) {
	f.checkDuration("TMD_JOB_TIMEOUT", a.JobTimeout, time.Second, time.Hour)
}

// Startup configures what the status of a waiting job says while no worker is alive.
type Startup struct {
	WorkerStart time.Duration `env:"TMD_WORKER_START" envDefault:"30s" help:"How long a job usually waits for the start of a worker while there is none, until workers have measured it. Statuses of waiting jobs name it."`
}

func (s *Startup) checkValues(f *Faults) {
	f.checkDuration("TMD_WORKER_START", s.WorkerStart, time.Second, time.Hour)
}

// Jobs configures how a worker runs jobs.
type Jobs struct {
	Concurrency    int           `env:"WORKER_CONCURRENCY" envDefault:"2" help:"Jobs that one worker runs at the same time, in addition to one plan."`
	KeepFailed     bool          `env:"TMD_KEEP_FAILED_UPLOADS" envDefault:"false" help:"Keep the document of a job that failed for 7 days, so that tmd queue retry can run it again. Documents are personal data: with false they are deleted as soon as the job has failed."`
	OutagePatience time.Duration `env:"TMD_OUTAGE_PATIENCE" envDefault:"30m" help:"The age until which a job waits for a parser, a database or a storage that is unavailable without using an attempt. An older job has its three attempts."`
	Attempt
}

func (j *Jobs) checkValues(f *Faults) {
	f.checkNumber("WORKER_CONCURRENCY", j.Concurrency, 1, 256)
	f.checkDuration("TMD_OUTAGE_PATIENCE", j.OutagePatience, time.Second, 12*time.Hour)
	j.Attempt.checkValues(f)
}

// ParserClient configures the connection of a worker to the parser.
type ParserClient struct {
	// PYTHON_UTILS_URL: name kept from the earlier system, whose parser was a Python program.
	ParserURL      WebURL        `env:"PYTHON_UTILS_URL" envDefault:"http://127.0.0.1:15001" help:"The address of the parser: the sidecar by default, or any server with /v1/parse or /parse-transcript."`
	ParserTimeout  time.Duration `env:"TMD_PARSER_TIMEOUT" envDefault:"20s" help:"Time limit of one call to the parser. More than TMD_PARSER_DEADLINE, less than TMD_JOB_TIMEOUT."`
	ParserMaxCalls int           `env:"TMD_PARSER_MAX_CALLS" envDefault:"0" help:"Documents of one worker that the parser reads at the same time. 0 is WORKER_CONCURRENCY."`
}

func (p *ParserClient) checkValues(f *Faults, jobTimeout time.Duration) {
	if u, err := url.Parse(string(p.ParserURL)); err == nil &&
		(strings.HasSuffix(u.Path, "/v1/parse") || strings.HasSuffix(u.Path, "/parse-transcript") || u.RawQuery != "" || u.Fragment != "") {
		f.addFault("PYTHON_UTILS_URL", "is more than the base of the address: end it before /v1/parse and /parse-transcript, which are added")
	}
	f.checkNumber("TMD_PARSER_MAX_CALLS", p.ParserMaxCalls, 0, 256)
	if f.hasFault("TMD_JOB_TIMEOUT") {
		return
	}
	if p.ParserTimeout < time.Second || p.ParserTimeout > jobTimeout {
		f.addFault("TMD_PARSER_TIMEOUT", "is %v: give 1s or more, and no more than TMD_JOB_TIMEOUT, which is %v", p.ParserTimeout, jobTimeout)
	}
}

// Pool configures the parser's child processes.
type Pool struct {
	Children int           `env:"TMD_PARSER_CHILDREN" envDefault:"2" help:"Child processes that read documents, and so the number of documents that are read at the same time."`
	Deadline time.Duration `env:"TMD_PARSER_DEADLINE" envDefault:"10s" help:"Time limit of one document. A child that exceeds it is killed and replaced."`
	Memory   Bytes         `env:"TMD_PARSER_MEMORY" envDefault:"512MiB" help:"Memory limit of one child. A child that exceeds it is killed and replaced."`
	// PlainReader exists to be switched off when the readers differ.
	PlainReader bool   `env:"TMD_PARSER_PLAIN_READER" envDefault:"true" help:"Read plain PDFs, those of browsers, with the reader that is three times as fast as PDFium. With false, PDFium reads every document."`
	CacheDir    string `env:"TMD_CACHE_DIR" default:"the user's cache folder" help:"The folder of compiled WebAssembly, with which a child starts in 0.1 s instead of 3 s."`
	// The image cannot hold the cache itself: its root may be read-only.
	CacheSeed string `env:"TMD_CACHE_SEED" help:"A folder of compiled WebAssembly that is copied to an empty TMD_CACHE_DIR. The image contains one."`
}

func (p *Pool) checkValues(f *Faults) {
	f.checkNumber("TMD_PARSER_CHILDREN", p.Children, 1, 64)
	f.checkDuration("TMD_PARSER_DEADLINE", p.Deadline, 100*time.Millisecond, 10*time.Minute)
	// PDFium's heap and the compiled module use about 100 MiB before the first page.
	switch {
	case p.Memory < 128<<20:
		f.addFault("TMD_PARSER_MEMORY", "is %v: a child needs 128MiB or more", p.Memory)
	case p.Memory > 1<<40:
		f.addFault("TMD_PARSER_MEMORY", "is %v: give 1TiB at most", p.Memory)
	}
}
