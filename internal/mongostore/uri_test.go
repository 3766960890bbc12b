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
		{"open password", "mongodb://u:hun@ter2@m/x", "percent-encoded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
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
