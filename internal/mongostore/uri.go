package mongostore

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// ValidateURI returns what is wrong with a URI and what to change, after the name of a setting and without secrets. Of
// a mongodb+srv URI, whose hosts and options name servers answer, it checks nothing.
func ValidateURI(uri string) error {
	if strings.HasPrefix(uri, connstring.SchemeMongoDBSRV+"://") {
		return nil
	}
	_, err := parseURI(uri)
	return err
}

// parseURI is the parser of the driver, with the refusal of what the driver accepts and cannot use. It looks up the
// name of a mongodb+srv URI.
func parseURI(uri string) (*connstring.ConnString, error) {
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return nil, uriError(uri, err)
	}
	if err := options.Client().ApplyURI(uri).Validate(); err != nil {
		return nil, uriError(uri, err)
	}
	return parsed, checkURI(parsed)
}

// uriError is the error of an invalid URI. The driver's error may contain a part of a password that is not
// percent-encoded.
func uriError(uri string, err error) error {
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return fmt.Errorf("cannot be resolved: %w", lookup)
	case strings.Contains(uri, "@"):
		return errors.New("cannot be read: write mongodb://user:password@host:27017/name, the password percent-encoded")
	}
	return fmt.Errorf("cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing uri: "))
}

// otherOptions are options of the connection string format that this driver does not have, in lower case. Such an
// option changes little, and addresses that a service hands out contain it.
var otherOptions = []string{
	"gssapiservicename", "maxstalenessseconds", "sockettimeoutms", "uuidrepresentation", "waitqueuemultiple", "waitqueuetimeoutms",
	"wtimeoutms", "wtimeout",
}

// commonOptions are what a misspelt option may have been.
var commonOptions = []string{
	"appName", "authMechanism", "authSource", "compressors", "connectTimeoutMS", "directConnection", "heartbeatFrequencyMS", "journal",
	"loadBalanced", "localThresholdMS", "maxIdleTimeMS", "maxPoolSize", "minPoolSize", "readConcernLevel", "readPreference",
	"replicaSet", "retryReads", "retryWrites", "serverSelectionTimeoutMS", "ssl", "timeoutMS", "tls", "tlsAllowInvalidCertificates",
	"tlsCAFile", "tlsCertificateKeyFile", "tlsInsecure", "w",
}

const (
	maxDatabaseName = 63 // bytes
	// https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
	forbiddenInName = "/\\. \"$*<>:|?"
)

// accountless are the mechanisms whose user has no password.
var accountless = []string{"MONGODB-X509", "MONGODB-AWS", "MONGODB-OIDC", "GSSAPI"}

// checkURI returns an error for what the driver accepts and never uses, or cannot use.
func checkURI(uri *connstring.ConnString) error {
	for _, host := range uri.Hosts {
		if strings.HasSuffix(host, ":") {
			return errors.New("contains an empty port, or a second scheme: write mongodb://host:27017/name")
		}
	}
	switch {
	case len(uri.Database) > maxDatabaseName || strings.ContainsAny(uri.Database, forbiddenInName):
		return fmt.Errorf("names a database that MongoDB does not allow: end the path with up to %d letters, digits, hyphens and underscores", maxDatabaseName)
	case uri.Username != "" && !uri.PasswordSet && !slices.Contains(accountless, uri.AuthMechanism):
		return errors.New("names a user and no password: write mongodb://user:password@host:27017/name")
	case uri.WNumberSet && uri.WNumber == 0:
		return errors.New("has w=0, with which MongoDB answers no write: remove it, or write w=majority")
	}
	var unknown []string
	for name := range uri.UnknownOptions {
		if !slices.Contains(otherOptions, strings.ToLower(name)) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("has the unknown option %q: did you mean %s?", unknown[0], nearestOption(unknown[0]))
}

// nearestOption returns the common option with the smallest edit distance.
func nearestOption(name string) string {
	return slices.MinFunc(commonOptions, func(a, b string) int {
		return levenshtein.ComputeDistance(strings.ToLower(a), name) - levenshtein.ComputeDistance(strings.ToLower(b), name)
	})
}
