package mongostore

import (
	"errors"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestCheckAccess(t *testing.T) {
	t.Parallel()
	store, err := Open(Config{URI: testenv.NewMongoDatabase(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(t.Context()) })
	if err := store.CheckAccess(t.Context()); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if n, err := store.installation.EstimatedDocumentCount(t.Context()); err != nil || n != 0 {
		t.Errorf("got %d documents left behind, %v; want none", n, err)
	}
}

// The texts are those of MongoDB 8 and of its driver. An empty problem means that the server may answer later.
func TestExplainRefusal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"a wrong password":         {`connection() error occurred during connection handshake: auth error: sasl conversation error: unable to authenticate using mechanism "SCRAM-SHA-256": (AuthenticationFailed) Authentication failed.`, "refuses the user or the password: correct them, or name the database of the account with ?authSource=NAME"},
		"a password in a cloud":    {"auth error: sasl conversation error: (AtlasError) bad auth : Authentication failed.", "refuses the user or the password: correct them, or name the database of the account with ?authSource=NAME"},
		"no right to an index":     {`(Unauthorized) not authorized on degrees to execute command { createIndexes: "timelines" }`, "refuses its user a right: grant the role readWrite on the database that the path names"},
		"no user":                  {"(Unauthorized) Command createIndexes requires authentication", "refuses its user a right: grant the role readWrite on the database that the path names"},
		"another replica set":      {"server selection error: context deadline exceeded, current topology: { Type: ReplicaSetNoPrimary, Servers: [] }", "is no member of the replica set that the address names: correct replicaSet, or remove it for a single server"},
		"no TLS":                   {"server selection error: Last error: tls: first record does not look like a TLS handshake", "answers without TLS: remove tls=true"},
		"an unknown authority":     {"Last error: tls: failed to verify certificate: x509: certificate signed by unknown authority", "has a certificate that is not trusted: add its authority to a folder of SSL_CERT_DIR, or name its file with tlsCAFile"},
		"a database in capitals":   {"(DatabaseDifferCase) db already exists with different case", "has this database in other letters: write its name in the same case"},
		"an election":              {"server selection error: current topology: { Type: ReplicaSetNoPrimary, Servers: [{ Addr: a:27017, Type: RSSecondary }, ] }", ""},
		"a connection that breaks": {"auth error: unable to authenticate: connection(a:27017[-3]) socket was unexpectedly closed: EOF", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := explainRefusal(errors.New(tt.text))
			var unfit *UnfitError
			switch {
			case tt.want == "" && IsUnfit(err):
				t.Errorf("got %v, want an error that waiting may change", err)
			case tt.want != "" && (!errors.As(err, &unfit) || unfit.Problem != tt.want):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
