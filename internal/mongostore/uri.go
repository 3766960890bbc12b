package mongostore

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// uriError is the error of an invalid URI. The driver's error may contain a part of a password that is not
// percent-encoded.
func uriError(uri string, err error) error {
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return fmt.Errorf("the URI of MongoDB: %w", lookup)
	case strings.Contains(uri, "@"):
		return errors.New("the URI of MongoDB cannot be read: write mongodb://user:password@host:27017/name, the password percent-encoded")
	}
	return fmt.Errorf("the URI of MongoDB: %w", err)
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

// checkURI returns an error for what the driver accepts and never uses: an option that it does not know, or a scheme
// inside of a host.
func checkURI(uri *connstring.ConnString) error {
	for _, host := range uri.Hosts {
		if strings.HasSuffix(host, ":") {
			return errors.New("the URI of MongoDB contains an empty port, or a second scheme: write mongodb://host:27017/name")
		}
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
	return fmt.Errorf("the URI of MongoDB has the unknown option %q: did you mean %s?", unknown[0], nearestOption(unknown[0]))
}

// nearestOption returns the common option with the smallest edit distance.
func nearestOption(name string) string {
	return slices.MinFunc(commonOptions, func(a, b string) int {
		return levenshtein.ComputeDistance(strings.ToLower(a), name) - levenshtein.ComputeDistance(strings.ToLower(b), name)
	})
}
