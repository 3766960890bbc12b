package imageupdate

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// Registry resolves tags.
type Registry interface {
	// ResolveDigest returns the digest, sha256:…, of an image named repository:tag. The secrets are pull secrets; it
	// ignores those for other registries.
	ResolveDigest(ctx context.Context, tagged string, secrets []corev1.Secret) (string, error)
}
