package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	issuer, client, public := "TMD_OIDC_ISSUER=https://id.example.org/", "TMD_OIDC_CLIENT_ID=tmd", "TMD_PUBLIC_URL=https://degrees.example.org"
	key := "TMD_SESSION_SECRET=" + secret
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"nothing": {nil, nil},
		"whole":   {[]string{issuer, client, public, key}, nil},
		"a provider alone": {[]string{issuer}, []string{
			"TMD_OIDC_CLIENT_ID is missing: set it to the client id that the identity provider gave.",
			"TMD_PUBLIC_URL is missing: set it to the address at which users open the page, https://degrees.example.org.",
			"TMD_SESSION_SECRET is missing: set it to 32 bytes or more (`openssl rand -base64 48`).",
		}},
		"a client without a provider": {[]string{client, "TMD_OIDC_CLIENT_SECRET=hunter2"}, []string{
			"TMD_OIDC_ISSUER is missing while TMD_OIDC_CLIENT_ID is set: set it to the provider's address, or leave both out."}},
		"a secret without a provider": {[]string{"TMD_OIDC_CLIENT_SECRET=hunter2"}, []string{
			"TMD_OIDC_ISSUER is missing while TMD_OIDC_CLIENT_SECRET is set: set it to the provider's address, or leave both out."}},
		"plain text to the provider": {[]string{"TMD_OIDC_ISSUER=http://id.example.org", client, public, key}, []string{
			"TMD_OIDC_ISSUER is http://id.example.org: start it with https://, since the server that answers there signs users in."}},
		"a provider on this machine": {[]string{"TMD_OIDC_ISSUER=http://127.0.0.1:9000", client, "TMD_PUBLIC_URL=http://localhost:8000", key}, nil},
		"no provider's address": {[]string{"TMD_OIDC_ISSUER=https://me:hunter2@id.example.org", client, public, key}, []string{
			"TMD_OIDC_ISSUER is no address of a provider: write https://id.example.org/realms/students, as the provider names itself."}},
		"plain text to the page": {[]string{issuer, client, "TMD_PUBLIC_URL=http://degrees.example.org", key}, []string{
			"TMD_PUBLIC_URL is http://degrees.example.org: start it with https://, since cookies sign users in; http:// is for this machine alone."}},
		"a path of the page": {[]string{issuer, client, "TMD_PUBLIC_URL=https://example.org/degrees", key}, []string{
			"TMD_PUBLIC_URL is https://example.org/degrees: give scheme and host alone."}},
		"guests alone": {[]string{"TMD_GUESTS=true", public, key}, nil},
		"guests without a secret": {[]string{"TMD_GUESTS=true", public}, []string{
			"TMD_SESSION_SECRET is missing: set it to 32 bytes or more (`openssl rand -base64 48`)."}},
		"no guest may come": {[]string{"TMD_GUESTS=true", public, key, "TMD_GUESTS_PER_ADDRESS=0"}, []string{
			"TMD_GUESTS_PER_ADDRESS is 0: give a number from 1 to 100000."}},
		"a short secret": {[]string{issuer, client, public, "TMD_SESSION_SECRET=short"}, []string{
			"TMD_SESSION_SECRET is shorter than 32 bytes: make one with `openssl rand -base64 48`."}},
		"times in the wrong order": {[]string{"TMD_SESSION_TTL=2h", "TMD_SESSION_MAX_AGE=1h"}, []string{
			"TMD_SESSION_MAX_AGE is 1h0m0s: give at least TMD_SESSION_TTL, which is 2h0m0s."}},
		"no scope": {[]string{issuer, client, public, key, "TMD_OIDC_SCOPES=profile email"}, []string{
			`TMD_OIDC_SCOPES holds "profile email": separate the names of scopes by commas.`}},
		"no network": {[]string{"TMD_TRUSTED_PROXIES=10.0.0.0/8,10.0.0.1"}, []string{
			`TMD_TRUSTED_PROXIES holds "10.0.0.1": give networks such as 10.0.0.0/8 or 192.0.2.1/32.`}},
		"every network": {[]string{"TMD_TRUSTED_PROXIES=::/0"}, []string{
			`TMD_TRUSTED_PROXIES holds "::/0", which is every address: any client could then choose its address.`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, faultsOf(t, &config.API{}, append(complete[:len(complete):len(complete)], c.environ...)...)); diff != "" {
				t.Errorf("want, got: %s", diff)
			}
		})
	}
}

// tmd all makes a secret of its own, and refuses a sign-in while no token is needed.
func TestSignInOfAll(t *testing.T) {
	t.Parallel()
	signIn := []string{"TMD_OIDC_ISSUER=https://id.example.org/", "TMD_OIDC_CLIENT_ID=tmd", "TMD_PUBLIC_URL=http://localhost:8000"}
	want := []string{"AUTH_MODE is none while people sign in: set it to jwt, or leave TMD_OIDC_ISSUER and TMD_GUESTS out."}
	if diff := cmp.Diff(want, faultsOf(t, &config.All{}, signIn...)); diff != "" {
		t.Errorf("want, got: %s", diff)
	}
	if faults := faultsOf(t, &config.All{}, append(signIn, "AUTH_MODE=jwt", "JWT_SECRET="+secret)...); faults != nil {
		t.Errorf("whole settings are refused: %v", faults)
	}
}

func TestProxyNetworks(t *testing.T) {
	t.Parallel()
	var c config.API
	if err := config.Load(&c, append(complete[:len(complete):len(complete)], "TMD_TRUSTED_PROXIES=10.1.2.3/8, fd00::/8")); err != nil {
		t.Fatal(err)
	}
	got := c.ProxyNetworks()
	if len(got) != 2 || got[0].String() != "10.0.0.0/8" || got[1].String() != "fd00::/8" {
		t.Errorf("got %v, want 10.0.0.0/8 and fd00::/8", got)
	}
}
