package redischeck

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	clusterProblem  = "is in cluster mode, which the queue cannot use: give a single server, or one behind Sentinel"
	sentinelProblem = "is the address of a Sentinel: add ?master_name=NAME, the name that the Sentinels watch"
	replicaProblem  = "is a read-only replica: give the address of the master, or of the Sentinels with ?master_name=NAME"
)

// refusals are parts of the answers of Redis and of TLS that no waiting changes, with what to do about them,
// the most specific first. %s is what was tried.
var refusals = []struct{ text, problem string }{
	{"NOAUTH", "requires a password: put user and password into the address"},
	{"WRONGPASS", "refuses the user or the password of the address"},
	{"invalid password", "refuses the user or the password of the address"},
	{"invalid username-password", "refuses the user or the password of the address"},
	{"AUTH <password> called without any password configured", "has no password, and the address contains one: remove it"},
	{"DB index is out of range", "has no database of this number: end the address with /0, or with a number that the server has. " +
		"A Valkey in cluster mode says this as well, and the queue cannot use one"},
	{"SELECT is not allowed in cluster mode", clusterProblem},
	{"CROSSSLOT", clusterProblem},
	{"MOVED ", clusterProblem},
	{"READONLY", replicaProblem},
	{"protected mode", "is in protected mode, in which it serves its own machine alone: give it a password, and put that into the address"},
	{"NOPERM", "refuses its user %s: grant the rights " + rightsAdvice},
	{"ACL failure in script", "refuses its user %s: grant the rights " + rightsAdvice},
	{"The user executing the script can't", "refuses its user %s: grant the rights " + rightsAdvice},
	{"unknown command 'sentinel'", "is no Sentinel: remove master_name, or give the addresses of the Sentinels"},
	{"unknown command 'select'", sentinelProblem},
	{"can't parse", "is something else: what answers at this address does not speak the protocol of Redis"},
	{"invalid reply", "is something else: what answers at this address does not speak the protocol of Redis"},
	{"unknown command", "lacks a command for %s: use Redis 6.2 or newer, without renamed commands"},
	{"Unknown Redis command", "lacks a command for %s: use Redis 6.2 or newer, without renamed commands"},
	{"certificate required", "requires a client certificate: set TMD_REDIS_TLS_CERT and TMD_REDIS_TLS_KEY"},
	{"remote error: tls:", "refuses the TLS connection: check TMD_REDIS_TLS_CERT and TMD_REDIS_TLS_KEY"},
}

// explainRefusal turns an answer that no waiting changes into an UnfitError. It keeps nil, and wraps other errors.
func explainRefusal(what string, err error) error {
	if err == nil {
		return nil
	}
	if problem := explainCertificate(err); problem != "" {
		return &UnfitError{Problem: problem, Cause: err}
	}
	if isUnknownMaster(err) {
		return &UnfitError{Problem: "has no master of this name behind its Sentinels: correct master_name", Cause: err}
	}
	for _, r := range refusals {
		if strings.Contains(err.Error(), r.text) {
			problem := strings.Replace(r.problem, "%s", what, 1)
			return &UnfitError{Problem: problem, Cause: err}
		}
	}
	return fmt.Errorf("redischeck: %s: %w", what, err)
}

// explainCertificate says what is wrong with a certificate that a client refuses; "" for another error.
func explainCertificate(err error) string {
	var (
		untrusted *tls.CertificateVerificationError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &host):
		return "has a certificate for other names than the host of the address: use a name that it contains, or renew it with this one"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a certificate that has expired or is not valid yet: renew it, and check the clocks"
	case errors.As(err, &untrusted):
		return "has a certificate that is not trusted: add its authority to a folder of SSL_CERT_DIR"
	}
	return ""
}

// isUnknownMaster reports whether every Sentinel has answered that it watches no master of the name.
func isUnknownMaster(err error) bool {
	answers, ok := strings.CutPrefix(err.Error(), "redis: all sentinels specified in configuration are unreachable: ")
	if !ok {
		return false
	}
	for line := range strings.Lines(answers) {
		if strings.TrimSpace(line) != redis.Nil.Error() {
			return false
		}
	}
	return true
}
