package mongostore_test

import (
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/mongostore"
)

func TestURI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, uri, want string }{
		{"plain", "mongodb://m:27017/trackmydegree", ""},
		{"of a cloud", "mongodb://m/x?retryWrites=true&w=majority&appName=c&tls=true&authSource=admin&replicaSet=rs0", ""},
		{"an option of other drivers", "mongodb://m/x?wtimeoutMS=5000&socketTimeoutMS=1", ""},
		{"misspelt", "mongodb://m/x?retryWritess=true", "did you mean retryWrites?"},
		{"misspelt twice", "mongodb://m/x?authSorce=admin&tsl=true", "did you mean authSource?"},
		{"bad value", "mongodb://m/x?tls=yes", "tls"},
		{"scheme in the host", "mongodb://http://m/x", "a second scheme"},
		{"a dot in the name", "mongodb://m/de.grees", "a database that MongoDB does not allow"},
		{"a second path", "mongodb://m/degrees/x", "a database that MongoDB does not allow"},
		{"a long name", "mongodb://m/" + strings.Repeat("d", 64), "a database that MongoDB does not allow"},
		{"a user alone", "mongodb://u@m/x", "a user and no password"},
		{"a user with a certificate", "mongodb://u@m/x?authMechanism=MONGODB-X509&tls=true", ""},
		{"writes that nothing answers", "mongodb://m/x?w=0", "w=majority"},
		{"a read preference", "mongodb://m/x?readPreference=nearst", "nearst"},
		{"open password", "mongodb://u:hun@ter2@m/x", "percent-encoded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if validated := mongostore.ValidateURI(tt.uri); (validated == nil) != (tt.want == "") {
				t.Errorf("ValidateURI: got %v, want an error: %t", validated, tt.want != "")
			}
			s, err := mongostore.Open(mongostore.Config{URI: tt.uri})
			if err == nil {
				t.Cleanup(func() { _ = s.Close(t.Context()) })
			}
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "ter2"):
				t.Errorf("the password is in %v", err)
			}
		})
	}
}
