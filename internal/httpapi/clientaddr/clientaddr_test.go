package clientaddr_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/clientaddr"
)

func requestFrom(peer string, header http.Header) *http.Request {
	return &http.Request{RemoteAddr: peer, Header: header}
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	const xff, fwd = "X-Forwarded-For", "Forwarded"
	inside := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		trusted []netip.Prefix
		peer    string
		header  http.Header
		want    string
	}{
		"no proxy":                                   {nil, "203.0.113.7:4000", nil, "203.0.113.7"},
		"no proxy is trusted by default":             {nil, "10.0.0.1:4000", http.Header{xff: {"203.0.113.7"}}, "10.0.0.1"},
		"a peer that is no proxy":                    {inside, "198.51.100.9:1", http.Header{xff: {"203.0.113.7"}}, "198.51.100.9"},
		"one proxy":                                  {inside, "10.0.0.1:4000", http.Header{xff: {"203.0.113.7"}}, "203.0.113.7"},
		"a chain of proxies":                         {inside, "10.0.0.1:1", http.Header{xff: {"203.0.113.7, 10.2.0.1, 10.3.0.1"}}, "203.0.113.7"},
		"what the client wrote is further left":      {inside, "10.0.0.1:1", http.Header{xff: {"192.0.2.1, 203.0.113.7"}}, "203.0.113.7"},
		"a client that pretends to be a proxy":       {inside, "10.0.0.1:1", http.Header{xff: {"10.9.9.9, 203.0.113.7"}}, "203.0.113.7"},
		"two headers are one list":                   {inside, "10.0.0.1:1", http.Header{xff: {"192.0.2.1", "203.0.113.7"}}, "203.0.113.7"},
		"all are proxies: the first of them":         {inside, "10.0.0.1:1", http.Header{xff: {"10.5.0.1, 10.6.0.1"}}, "10.5.0.1"},
		"an empty header":                            {inside, "10.0.0.1:1", http.Header{xff: {""}}, "10.0.0.1"},
		"an entry that is no address ends it":        {inside, "10.0.0.1:1", http.Header{xff: {"203.0.113.7, <script>, 10.3.0.1"}}, "10.3.0.1"},
		"a name is no address":                       {inside, "10.0.0.1:1", http.Header{xff: {"localhost"}}, "10.0.0.1"},
		"a port":                                     {inside, "10.0.0.1:1", http.Header{xff: {"203.0.113.7:51234"}}, "203.0.113.7"},
		"IPv6":                                       {inside, "[fd00::1]:4000", http.Header{xff: {"2001:db8::7"}}, "2001:db8::7"},
		"IPv6 with a port":                           {inside, "[fd00::1]:4000", http.Header{xff: {"[2001:db8::7]:51234"}}, "2001:db8::7"},
		"IPv6 in brackets":                           {inside, "[fd00::1]:4000", http.Header{xff: {"[2001:db8::7]"}}, "2001:db8::7"},
		"a zone is of no use elsewhere":              {inside, "[fd00::1%eth0]:4000", http.Header{xff: {"2001:db8::7%eth0"}}, "2001:db8::7"},
		"IPv4 in IPv6 is the same address":           {inside, "[::ffff:10.0.0.1]:4000", http.Header{xff: {"::ffff:203.0.113.7"}}, "203.0.113.7"},
		"Forwarded":                                  {inside, "10.0.0.1:1", http.Header{fwd: {`for=192.0.2.1, For="[2001:db8::7]:47011";proto=https`}}, "2001:db8::7"},
		"X-Forwarded-For before Forwarded":           {inside, "10.0.0.1:1", http.Header{fwd: {"for=192.0.2.1"}, xff: {"203.0.113.7"}}, "203.0.113.7"},
		"a hidden client of Forwarded":               {inside, "10.0.0.1:1", http.Header{fwd: {"for=192.0.2.1, for=_hidden, for=10.3.0.1"}}, "10.3.0.1"},
		"an element of Forwarded without an address": {inside, "10.0.0.1:1", http.Header{fwd: {"proto=https"}}, "10.0.0.1"},
		"a peer that is unknown":                     {inside, "@", http.Header{xff: {"203.0.113.7"}}, "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := clientaddr.NewResolver(c.trusted).AddressOf(requestFrom(c.peer, c.header)).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// One subscriber has every address of a /64.
func TestKeyOf(t *testing.T) {
	t.Parallel()
	var none clientaddr.Resolver
	for peer, want := range map[string]string{
		"203.0.113.7:1":                    "203.0.113.7",
		"[2001:db8:1:2:3:4:5:6]:1":         "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff:ffff:ffff:1]:": "2001:db8:1:2::/64",
		"[::ffff:203.0.113.7]:1":           "203.0.113.7",
	} {
		if peer[len(peer)-1] == ':' {
			peer += "9"
		}
		if got := none.KeyOf(requestFrom(peer, nil)); got != want {
			t.Errorf("%s: got %s, want %s", peer, got, want)
		}
	}
}

func FuzzAddressOf(f *testing.F) {
	f.Add("203.0.113.7, 10.0.0.2", "for=1.2.3.4")
	f.Add("[::1", `for="[`)
	trusted := netip.MustParsePrefix("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, forwardedFor, forwarded string) {
		r := requestFrom("10.0.0.1:1", http.Header{"X-Forwarded-For": {forwardedFor}, "Forwarded": {forwarded}})
		if !clientaddr.NewResolver([]netip.Prefix{trusted}).AddressOf(r).IsValid() {
			t.Error("no address")
		}
		r.RemoteAddr = "198.51.100.1:1"
		if got := clientaddr.NewResolver([]netip.Prefix{trusted}).AddressOf(r).String(); got != "198.51.100.1" {
			t.Errorf("a peer that is no proxy became %s", got)
		}
	})
}
