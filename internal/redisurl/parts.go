package redisurl

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	// ErrNoPassword is the error of a URL with a user and without a password: go-redis would ignore the user.
	ErrNoPassword = errors.New("redisurl: a user without a password")

	errDatabase = errors.New("redisurl: the number of the database is negative")
)

// ParameterError is the error of a parameter of a URL. Its text may contain a part of a password.
type ParameterError struct {
	problem string
	cause   error
}

func (e *ParameterError) Error() string { return fmt.Sprintf("redisurl: %v", e.cause) }

func (e *ParameterError) Unwrap() error { return e.cause }

// DescribeProblem says what is wrong and what to change, after the name of a setting and without secrets.
func (e *ParameterError) DescribeProblem() string {
	return "has " + e.problem + ": check the part after the question mark; those of go-redis exist, such as pool_size"
}

// sizes are the parameters with a number that must not be negative.
var sizes = []string{"pool_size", "min_idle_conns", "max_idle_conns", "max_active_conns", "max_concurrent_dials"}

// checkParts refuses what go-redis accepts and cannot use.
func checkParts(u *url.URL) error {
	if u.Scheme == "unix" {
		return nil
	}
	if u.Hostname() == "" {
		return errors.New("redisurl: no host: write redis://host:6379/1")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) || strings.HasSuffix(u.Host, ":") {
		return errors.New("redisurl: the port is not between 1 and 65535")
	}
	if password, _ := u.User.Password(); u.User.Username() != "" && password == "" {
		return ErrNoPassword
	}
	for _, name := range sizes {
		if n, err := strconv.Atoi(u.Query().Get(name)); err == nil && n < 0 {
			return &ParameterError{"the parameter " + name + ", which is negative", errors.New(name + " is negative")}
		}
	}
	return nil
}

// The errors of go-redis name a known parameter. An unknown one is not repeated: it may be the end of a password that
// contains a question mark.
var invalidParameter = regexp.MustCompile(`invalid ([a-z_]{2,40}) (number|duration|boolean)`)

// explainParameter turns the errors of go-redis about parameters into a ParameterError.
func explainParameter(err error) error {
	text := err.Error()
	if m := invalidParameter.FindStringSubmatch(text); m != nil {
		return &ParameterError{"the parameter " + m[1] + ", which is no " + m[2], err}
	}
	if strings.Contains(text, "unexpected option") {
		return &ParameterError{"a parameter that does not exist", err}
	}
	return fmt.Errorf("redisurl: %w", err)
}

// Target is what a URL names.
type Target struct {
	Addresses []string // host:port of the server, or of its Sentinels
	Database  int
	TLS       bool
	Master    string // the name that the Sentinels watch; empty for a server alone
}

// ParseTarget returns what a URL names, without user and password.
func ParseTarget(rawURL string) (Target, error) {
	single, failover, err := parseURL(rawURL)
	switch {
	case err != nil:
		return Target{}, err
	case failover != nil:
		return Target{Addresses: failover.SentinelAddrs, Database: failover.DB, TLS: failover.TLSConfig != nil, Master: failover.MasterName}, nil
	}
	return Target{Addresses: []string{single.Addr}, Database: single.DB, TLS: single.TLSConfig != nil}, nil
}
