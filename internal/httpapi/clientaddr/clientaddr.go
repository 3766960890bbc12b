// Package clientaddr finds the address of a request's client behind proxies.
package clientaddr

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops is the number of addresses of a header that are read, from its right end: no chain of proxies is longer.
const maxHops = 32

// Resolver finds addresses. The zero Resolver trusts no proxy.
type Resolver struct{ trusted []netip.Prefix }

// NewResolver returns a resolver that believes the proxies of the networks alone.
func NewResolver(trusted []netip.Prefix) Resolver { return Resolver{slices.Clone(trusted)} }

// AddressOf returns the address of the client of r: the peer of the connection, or, when the peer is a trusted proxy,
// the right-most address of X-Forwarded-For that is none. Every proxy appends the address that it saw, so whatever a
// client wrote itself is further left. Without X-Forwarded-For it reads Forwarded (RFC 7239) the same way; a proxy that
// writes Forwarded must remove X-Forwarded-For. An entry that is no address ends the search: the client is then the
// proxy that wrote it. The zero Addr means that the peer is unknown.
func (p Resolver) AddressOf(r *http.Request) netip.Addr {
	client, ok := parseAddress(r.RemoteAddr)
	if !ok || !p.isTrusted(client) {
		return client
	}
	hops := splitList(r.Header.Values("X-Forwarded-For"))
	if len(hops) == 0 {
		hops = forwardedFor(r.Header.Values("Forwarded"))
	}
	for i := len(hops) - 1; i >= 0 && len(hops)-i <= maxHops; i-- {
		hop, ok := parseAddress(hops[i])
		if !ok {
			return client
		}
		if client = hop; !p.isTrusted(hop) {
			return client
		}
	}
	return client
}

// KeyOf returns the address under which a client is counted: the address itself, or its /64 network for IPv6, of which
// one subscriber has every address.
func (p Resolver) KeyOf(r *http.Request) string {
	client := p.AddressOf(r)
	if client.Is6() {
		if network, err := client.Prefix(64); err == nil {
			return network.String()
		}
	}
	return client.String()
}

// IsProxied reports whether a trusted proxy sent r.
func (p Resolver) IsProxied(r *http.Request) bool {
	peer, ok := parseAddress(r.RemoteAddr)
	return ok && p.isTrusted(peer)
}

func (p Resolver) isTrusted(a netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(n netip.Prefix) bool { return n.Contains(a) })
}

// splitList joins the values of a header and splits them at the commas.
func splitList(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	return strings.Split(strings.Join(values, ","), ",")
}

// forwardedFor returns the "for" of each element of Forwarded, "" for an element without one. A quoted text holds no
// comma when it is an address, so splitting it breaks only what is none.
func forwardedFor(values []string) []string {
	elements := splitList(values)
	for i, element := range elements {
		elements[i] = ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				elements[i] = strings.Trim(value, `"`)
			}
		}
	}
	return elements
}

// parseAddress reads an address with or without a port, in the spellings of both headers and of net/http.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if len(text) > 1 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		a = withPort.Addr()
	}
	return a.Unmap().WithZone(""), true
}
