package imageupdate

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	kauth "github.com/google/go-containerregistry/pkg/authn/kubernetes"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
)

// askTimeout bounds one request to a registry, with its retries.
const askTimeout = 30 * time.Second

var _ Registry = (*Remote)(nil)

// Remote resolves tags at the registries.
type Remote struct {
	// PlainHTTP names registries, host:port, that may be called without TLS. Those on loopback always may.
	PlainHTTP []string
	// Transport is the HTTP transport; http.DefaultTransport when it is nil.
	Transport http.RoundTripper
}

// ResolveDigest implements Registry.
func (r *Remote) ResolveDigest(ctx context.Context, tagged string, secrets []corev1.Secret) (string, error) {
	tag, err := name.NewTag(tagged, name.WeakValidation)
	if err != nil {
		return "", fmt.Errorf("images: %w", err)
	}
	if slices.Contains(r.PlainHTTP, tag.RegistryStr()) {
		// Without Insecure the library tries plain HTTP only on some networks.
		if tag, err = name.NewTag(tagged, name.WeakValidation, name.Insecure); err != nil {
			return "", fmt.Errorf("images: %w", err)
		}
	}
	keys, err := kauth.NewFromPullSecrets(ctx, secrets)
	if err != nil {
		return "", fmt.Errorf("images: pull secrets: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	options := []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(keys), remote.WithTransport(guarded{r}), remote.WithUserAgent("tmd-controller"),
	}
	head, err := remote.Head(tag, options...)
	if err == nil {
		return head.Digest.String(), nil
	}
	// Some registries answer HEAD without a digest, or not at all; and only the answer to GET names the error.
	whole, err := remote.Get(tag, options...)
	if err != nil {
		return "", fmt.Errorf("images: resolve %s: %w", tagged, err)
	}
	return whole.Digest.String(), nil
}

// guarded refuses plain HTTP where it is not allowed. The library would use it on private networks, and send
// passwords in plain text.
type guarded struct{ *Remote }

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !g.allowsPlainHTTP(r.URL.Host) {
		return nil, fmt.Errorf("images: %s speaks no TLS: allow plain HTTP for it in the controller's settings, if it is yours", r.URL.Host)
	}
	if g.Transport != nil {
		return g.Transport.RoundTrip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (g guarded) allowsPlainHTTP(host string) bool {
	if slices.Contains(g.PlainHTTP, host) {
		return true
	}
	bare, _, err := net.SplitHostPort(host)
	if err != nil {
		bare = host
	}
	return bare == "localhost" || net.ParseIP(bare).IsLoopback()
}
