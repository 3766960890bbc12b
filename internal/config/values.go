package config

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

const hidden = "[hidden]"

// Secret is a value that appears in no log, page or error. Only Reveal returns it.
type Secret struct{ value string }

var (
	_ encoding.TextUnmarshaler = (*Secret)(nil)
	_ slog.LogValuer           = Secret{}
	_ slog.LogValuer           = SecretURL{}
)

// NewSecret returns the Secret of a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return s.value }

// isEmpty reports whether nothing is set.
func (s Secret) isEmpty() bool { return s.value == "" }

func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return hidden
}

// GoString keeps %#v from printing the value.
func (s Secret) GoString() string { return s.String() }

// LogValue keeps slog from printing the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps encoders from writing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the value.
func (s *Secret) UnmarshalText(b []byte) error {
	s.value = string(b)
	return nil
}

// SecretURL is an address that may carry credentials. It prints without them.
type SecretURL struct {
	value   string
	setting string
}

// NewSecretURL returns the SecretURL of a plain address.
func NewSecretURL(value string) SecretURL { return SecretURL{value: value} }

// Setting returns the name of the variable that an operator set to give the address, such as REDIS_JOB_URL_FILE or
// REDIS_HOST; empty for an address that was not loaded.
func (u SecretURL) Setting() string { return u.setting }

// Reveal returns the whole address.
func (u SecretURL) Reveal() string { return u.value }

// Empty reports whether nothing is set.
func (u SecretURL) Empty() bool { return u.value == "" }

// String returns scheme, hosts and path. User, password and the values of all parameters stay hidden. It does not use
// net/url, which rejects a MongoDB address with several hosts; and a password with an unescaped "/" or "@" must stay
// hidden as well.
func (u SecretURL) String() string {
	if u.value == "" {
		return ""
	}
	scheme, rest, ok := strings.Cut(u.value, "://")
	if !ok {
		return hidden
	}
	rest, query, hasQuery := strings.Cut(rest, "?")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = hidden + rest[at:]
	}
	if hasQuery {
		var names []string
		for pair := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if strings.ContainsAny(name, "@/:") { // the end of a password that contains "?", not a parameter
				return scheme + "://" + hidden
			}
			names = append(names, name+"=…")
		}
		rest += "?" + strings.Join(names, "&")
	}
	return scheme + "://" + rest
}

// GoString keeps %#v from printing the credentials.
func (u SecretURL) GoString() string { return u.String() }

// LogValue keeps slog from printing the credentials.
func (u SecretURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText keeps encoders from writing the credentials.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText sets the value.
func (u *SecretURL) UnmarshalText(b []byte) error {
	u.value = string(b)
	return nil
}

// schemeOf returns the part before "://", in lower case.
func (u SecretURL) schemeOf() string {
	scheme, _, _ := strings.Cut(u.value, "://")
	return strings.ToLower(scheme)
}

// Environment is the environment of the process. Error reports contain it, and production refuses development tokens.
type Environment string

// The environments. The values are kept from the earlier system.
const (
	Development Environment = "development"
	Staging     Environment = "staging"
	Production  Environment = "production"
	Test        Environment = "test"
)

// UnmarshalText accepts the four names.
func (e *Environment) UnmarshalText(b []byte) error {
	return oneOf(e, b, Development, Staging, Production, Test)
}

// AuthMode is how the API authenticates its callers.
type AuthMode string

// The modes.
const (
	AuthJWT  AuthMode = "jwt"  // a bearer token on every request
	AuthNone AuthMode = "none" // one local user; on loopback only
)

// UnmarshalText accepts the two names.
func (m *AuthMode) UnmarshalText(b []byte) error { return oneOf(m, b, AuthJWT, AuthNone) }

// Storage is where uploaded documents are stored.
type Storage string

// The storages.
const (
	StorageVolume Storage = "volume" // a folder that the API and every worker mount
	StorageS3     Storage = "s3"     // a bucket
)

// UnmarshalText accepts the two names.
func (s *Storage) UnmarshalText(b []byte) error { return oneOf(s, b, StorageVolume, StorageS3) }

// LogFormat is the format of log lines.
type LogFormat string

// The formats.
const (
	LogAuto LogFormat = "auto" // text on a terminal, JSON elsewhere
	LogJSON LogFormat = "json"
	LogText LogFormat = "text"
)

// UnmarshalText accepts the three names.
func (l *LogFormat) UnmarshalText(b []byte) error { return oneOf(l, b, LogAuto, LogJSON, LogText) }

func oneOf[T ~string](into *T, text []byte, allowed ...T) error {
	for _, a := range allowed {
		if string(text) == string(a) {
			*into = a
			return nil
		}
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return fmt.Errorf("give one of %s", strings.Join(names, ", "))
}

// Port is a TCP port.
type Port uint16

// UnmarshalText accepts 1 to 65535, and 0 for a port that the system chooses.
func (p *Port) UnmarshalText(b []byte) error {
	if strings.HasPrefix(string(b), "tcp://") {
		return errors.New("this is a Kubernetes service link of the same name; set enableServiceLinks: false on the pod, or set the variable yourself")
	}
	n, err := strconv.ParseUint(string(b), 10, 16)
	if err != nil {
		return errors.New("give a port number up to 65535")
	}
	*p = Port(n)
	return nil
}

func (p Port) String() string { return strconv.Itoa(int(p)) }

// Addr is an address to listen on, host:port, or "off".
type Addr string

// Off is the address of a server that is switched off.
const Off Addr = "off"

// UnmarshalText accepts host:port, :port and "off".
func (a *Addr) UnmarshalText(b []byte) error {
	*a = Addr(b)
	if *a == Off {
		return nil
	}
	_, port, err := net.SplitHostPort(string(b))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("give host:port or :port, or off")
	}
	return nil
}

// Bytes is an amount of memory.
type Bytes uint64

// UnmarshalText accepts 512MiB, 64MB, 1048576.
func (n *Bytes) UnmarshalText(b []byte) error {
	v, err := humanize.ParseBytes(string(b))
	if err != nil {
		return errors.New("give a size such as 512MiB")
	}
	*n = Bytes(v)
	return nil
}

func (n Bytes) String() string { return humanize.IBytes(uint64(n)) }

// WebURL is an http or https address, without the slash at its end.
type WebURL string

// UnmarshalText accepts http and https with a host and without credentials.
func (w *WebURL) UnmarshalText(b []byte) error {
	u, err := url.Parse(string(b))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("give an address that starts with http:// or https://")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || port == 0) {
		return errors.New("give one scheme, a host and, if any, a port up to 65535")
	}
	if u.User != nil {
		return errors.New("leave user and password out of the address")
	}
	*w = WebURL(strings.TrimRight(string(b), "/"))
	return nil
}
