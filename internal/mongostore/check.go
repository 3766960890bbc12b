package mongostore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// UnfitError says why a MongoDB that answers cannot be used, and what to change: no waiting makes it usable.
type UnfitError struct {
	Problem string // what MongoDB does, without the subject and the full stop
	Cause   error
}

func (e *UnfitError) Error() string {
	cause := strings.Join(strings.Fields(e.Cause.Error()), " ") // servers answer with several lines
	return fmt.Sprintf("MongoDB %s (%s)", e.Problem, cause)
}

func (e *UnfitError) Unwrap() error { return e.Cause }

// IsUnfit reports whether err is, or wraps, an UnfitError.
func IsUnfit(err error) bool {
	var unfit *UnfitError
	return errors.As(err, &unfit)
}

// CheckAccess performs once what the roles need: it creates the indexes, and writes, reads and deletes a document. It
// returns an UnfitError, or another error for a server that may answer later.
func (s *Store) CheckAccess(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		if refused := explainRefusal(err); IsUnfit(refused) {
			return refused
		}
		if problem := findTransportProblem(ctx, s.opts); problem != "" {
			return &UnfitError{Problem: problem, Cause: err}
		}
		return err
	}
	if err := s.EnsureIndexes(ctx); err != nil {
		return explainRefusal(err)
	}
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	scratch := bson.D{{Key: "_id", Value: "check:" + uuid.NewString()}}
	for _, do := range []func() error{
		func() error { _, err := s.installation.InsertOne(ctx, scratch); return err },
		func() error { return s.installation.FindOne(ctx, scratch).Err() },
		func() error { _, err := s.installation.DeleteOne(ctx, scratch); return err },
	} {
		// A read from a secondary may not see the document yet.
		if err := do(); err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
			return explainRefusal(storeError(ctx, "check", err))
		}
	}
	return nil
}

// refusals are parts of the errors of MongoDB and its driver that no waiting changes, the most specific first.
var refusals = []struct{ text, problem string }{
	{"AuthenticationFailed", "refuses the user or the password: correct them, or name the database of the account with ?authSource=NAME"},
	{"bad auth", "refuses the user or the password: correct them, or name the database of the account with ?authSource=NAME"},
	{"Unauthorized", "refuses its user a right: grant the role readWrite on the database that the path names"},
	{"not authorized", "refuses its user a right: grant the role readWrite on the database that the path names"},
	{"requires authentication", "requires a user: put user and password into the address"},
	{"InvalidNamespace", "does not allow the name of the database: end the path with letters, digits, hyphens and underscores"},
	{"database names must be", "has this database in other letters: write its name in the same case"},
	{"DatabaseDifferCase", "has this database in other letters: write its name in the same case"},
	{"initialize in load balancing mode", "is behind no load balancer: remove loadBalanced"},
	{"Type: ReplicaSetNoPrimary, Servers: [] }", "is no member of the replica set that the address names: correct replicaSet, or remove it for a single server"},
	{"first record does not look like a TLS handshake", "answers without TLS: remove tls=true"},
	{"certificate required", "requires a client certificate: name its file with tlsCertificateKeyFile"},
	{"certificate is valid for", "has a certificate for other names than the host of the address: use a name that it contains"},
	{"doesn't contain any IP SANs", "has a certificate for other names than the host of the address: use a name that it contains"},
	{"certificate has expired or is not yet valid", "has a certificate that has expired or is not valid yet: renew it, and check the clocks"},
	{"failed to verify certificate", "has a certificate that is not trusted: add its authority to a folder of SSL_CERT_DIR, or name its file with tlsCAFile"},
	{"but this version of the Go driver requires at least", "is too old: use 4.2 or newer"},
}

// explainRefusal turns an error that no waiting changes into an UnfitError, and keeps others.
func explainRefusal(err error) error {
	if err == nil {
		return nil
	}
	for _, r := range refusals {
		if strings.Contains(err.Error(), r.text) {
			return &UnfitError{Problem: r.problem, Cause: err}
		}
	}
	return err
}
