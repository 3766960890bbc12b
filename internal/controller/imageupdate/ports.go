package imageupdate

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// Registry tells what a tag names at the moment.
type Registry interface {
	// ResolveDigest returns the digest, sha256:…, of an image named repository:tag. The secrets are pull secrets;
	// those for other registries do no harm.
	ResolveDigest(ctx context.Context, tagged string, secrets []corev1.Secret) (string, error)
}
