package redischeck

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
)

const (
	clusterProblem = "is in cluster mode, which the queue cannot use: give a single server, or one behind Sentinel"
	replicaProblem = "is a read-only replica: give the address of the master, or of the Sentinels with ?master_name=NAME"
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
	{"NOPERM", "refuses its user %s: grant the rights " + rightsAdvice},
	{"ACL failure in script", "refuses its user %s: grant the rights " + rightsAdvice},
	{"The user executing the script can't", "refuses its user %s: grant the rights " + rightsAdvice},
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
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return &UnfitError{Problem: "has a certificate that is not trusted: add its authority to a folder of SSL_CERT_DIR", Cause: err}
	}
	for _, r := range refusals {
		if strings.Contains(err.Error(), r.text) {
			problem := strings.Replace(r.problem, "%s", what, 1)
			return &UnfitError{Problem: problem, Cause: err}
		}
	}
	return fmt.Errorf("redischeck: %s: %w", what, err)
}
