package externalmetrics

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The ConfigMap in which the API server says how it identifies itself to the servers behind it.
const (
	aggregatorNamespace = "kube-system"
	aggregatorConfigMap = "extension-apiserver-authentication"
)

// aggregator says how the API server identifies itself, and in which headers it names the caller.
type aggregator struct {
	authority    *x509.CertPool
	allowedNames []string // common names of its certificate; empty means any
	userHeaders  []string
	groupHeaders []string
	extraPrefix  []string
}

// readAggregator reads the ConfigMap.
func readAggregator(ctx context.Context, reader client.Reader) (*aggregator, error) {
	var c corev1.ConfigMap
	if err := reader.Get(ctx, client.ObjectKey{Namespace: aggregatorNamespace, Name: aggregatorConfigMap}, &c); err != nil {
		return nil, fmt.Errorf("externalmetrics: read %s: %w", aggregatorConfigMap, err)
	}
	return parseAggregator(c.Data)
}

// parseAggregator reads the keys of the ConfigMap: the authority in PEM, and lists in JSON.
func parseAggregator(data map[string]string) (*aggregator, error) {
	a := &aggregator{authority: x509.NewCertPool()}
	if !a.authority.AppendCertsFromPEM([]byte(data["requestheader-client-ca-file"])) {
		return nil, errors.New("externalmetrics: the API server has no aggregation layer: " + aggregatorConfigMap + " holds no requestheader-client-ca-file")
	}
	for key, list := range map[string]*[]string{
		"requestheader-allowed-names": &a.allowedNames, "requestheader-username-headers": &a.userHeaders,
		"requestheader-group-headers": &a.groupHeaders, "requestheader-extra-headers-prefix": &a.extraPrefix,
	} {
		if data[key] == "" {
			continue
		}
		if err := json.Unmarshal([]byte(data[key]), list); err != nil {
			return nil, fmt.Errorf("externalmetrics: %s: %w", key, err)
		}
	}
	if len(a.userHeaders) == 0 {
		return nil, errors.New("externalmetrics: " + aggregatorConfigMap + " names no requestheader-username-headers")
	}
	return a, nil
}

// authenticate returns the caller that the aggregator names, and false for a request that is not the aggregator's. The
// headers of any other client mean nothing.
func (a *aggregator) authenticate(r *http.Request) (authenticationv1.UserInfo, bool) {
	if !a.isAggregator(r.TLS) {
		return authenticationv1.UserInfo{}, false
	}
	user := authenticationv1.UserInfo{Extra: map[string]authenticationv1.ExtraValue{}}
	for _, header := range a.userHeaders {
		if user.Username = r.Header.Get(header); user.Username != "" {
			break
		}
	}
	for _, header := range a.groupHeaders {
		user.Groups = append(user.Groups, r.Header.Values(header)...)
	}
	for name, values := range r.Header {
		for _, prefix := range a.extraPrefix {
			if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
				user.Extra[decodeExtraKey(name[len(prefix):])] = values
			}
		}
	}
	return user, user.Username != ""
}

// decodeExtraKey returns the key of an extra attribute, which a header holds in lower case and percent-encoded.
func decodeExtraKey(name string) string {
	name = strings.ToLower(name)
	if decoded, err := url.PathUnescape(name); err == nil {
		return decoded
	}
	return name
}

// isAggregator reports whether the connection presented the aggregator's certificate. The authority may be that of all
// clients of the cluster: then the name alone distinguishes the aggregator.
func (a *aggregator) isAggregator(state *tls.ConnectionState) bool {
	if state == nil || len(state.VerifiedChains) == 0 {
		return false
	}
	leaf := state.VerifiedChains[0][0]
	// The authority may have been replaced since the handshake.
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: a.authority, Intermediates: toPool(state.PeerCertificates[1:]), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil && (len(a.allowedNames) == 0 || slices.Contains(a.allowedNames, leaf.Subject.CommonName))
}

func toPool(certificates []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range certificates {
		pool.AddCert(c)
	}
	return pool
}

// newTLSConfig returns a configuration that uses, for each connection, the present certificate and authority.
func (s *Server) newTLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			if s.trusted == nil || s.keys.certificate == nil {
				return nil, errors.New("externalmetrics: the certificate is not ready")
			}
			return &tls.Config{
				MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{*s.keys.certificate},
				// Without a certificate the connection is accepted and each request refused, with a sentence.
				ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.trusted.authority, SessionTicketsDisabled: true,
			}, nil
		},
	}
}
