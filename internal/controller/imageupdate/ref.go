package imageupdate

import "strings"

// A reference is an image as a pod names it: repository:tag, or, once it is pinned, repository:tag@sha256:…. Nodes pull
// what the digest says then; the tag stays for people, and to be resolved again.

// splitDigest cuts a reference at its digest, which is empty when it is not pinned.
func splitDigest(image string) (tagged, digest string) {
	tagged, digest, _ = strings.Cut(image, "@")
	return tagged, digest
}

// hasTag reports whether there is a tag that could name another image one day. A reference without tag and digest has
// one: latest.
func hasTag(image string) bool {
	tagged, digest := splitDigest(image)
	return digest == "" || strings.Contains(tagged[strings.LastIndex(tagged, "/")+1:], ":")
}

// pinDigest returns the reference with a digest.
func pinDigest(image, digest string) string {
	tagged, _ := splitDigest(image)
	if !strings.Contains(tagged[strings.LastIndex(tagged, "/")+1:], ":") {
		tagged += ":latest" // what it means, or it would have no tag when it is read again
	}
	return tagged + "@" + digest
}

// digestOf returns the digest of an image id in a pod's status: repository@sha256:…,
// docker-pullable://repository@sha256:…; empty for an image that was not pulled by its name.
func digestOf(imageID string) string {
	_, digest := splitDigest(imageID)
	return digest
}
