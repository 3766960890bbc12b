// Package identity runs a complete identity provider on loopback for the tests of signing in: the example of
// github.com/zitadel/oidc, with its sign-in page, PKCE, refresh tokens and sign-out.
package identity

import (
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Username and Password are those of a user of the provider.
const (
	Username = "test-user@127.0.0.1"
	Password = "verysecure"
)

// Settings are the environment of a tmd at base that signs its users in with the provider on a port.
func Settings(port int, base string) []string {
	return []string{
		"TMD_OIDC_ISSUER=" + issuerOf(port), "TMD_OIDC_CLIENT_ID=" + clientOf(port), "TMD_OIDC_SCOPES=profile,offline_access",
		"TMD_PUBLIC_URL=" + base,
	}
}

func issuerOf(port int) string { return "http://127.0.0.1:" + strconv.Itoa(port) + "/" }
func clientOf(port int) string { return "tmd-" + strconv.Itoa(port) }

// StartProvider starts the provider on a port of loopback, with a public client for the tmd at base. The provider keeps
// its clients for the whole process: tests that start one do not run in parallel.
func StartProvider(t testing.TB, port int, base string) {
	t.Helper()
	storage.RegisterClients(storage.NativeClient(clientOf(port), base+"/api/auth/callback"))
	issuer := issuerOf(port)
	router := exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false, op.WithAllowInsecure())
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: router, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}
