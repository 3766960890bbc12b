package imageupdate

import "strings"

// A reference is an image as a pod names it: repository:tag or, pinned, repository:tag@sha256:…. Nodes pull the
// digest; the tag is for people, and for the next resolution.

// splitDigest cuts a reference at its digest, which is empty when it is not pinned.
func splitDigest(image string) (tagged, digest string) {
	tagged, digest, _ = strings.Cut(image, "@")
	return tagged, digest
}

// hasTag reports whether a reference has a tag that may name another image later. A reference without tag and digest
// has one: latest.
func hasTag(image string) bool {
	tagged, digest := splitDigest(image)
	return digest == "" || strings.Contains(tagged[strings.LastIndex(tagged, "/")+1:], ":")
}

// pinDigest returns the reference with a digest.
func pinDigest(image, digest string) string {
	tagged, _ := splitDigest(image)
	if !strings.Contains(tagged[strings.LastIndex(tagged, "/")+1:], ":") {
		tagged += ":latest" // the implicit tag; otherwise the pinned reference would have none
	}
	return tagged + "@" + digest
}

// digestOf returns the digest of an image id in a pod's status: repository@sha256:… or
// docker-pullable://repository@sha256:…; empty for an image that was not pulled by its name.
func digestOf(imageID string) string {
	_, digest := splitDigest(imageID)
	return digest
}
