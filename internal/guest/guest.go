// Package guest names the owners of those who use the page for a day without an account. The name itself says when
// everything that it owns ends, so that no store needs another record of it.
package guest

import (
	"crypto/rand"
	"strconv"
	"strings"
	"time"
)

const (
	// Lifetime is how long a guest and what the guest owns last.
	Lifetime = 24 * time.Hour
	// MaxOpenJobs is the number of unfinished jobs of one guest.
	MaxOpenJobs = 5

	// OwnerPrefix begins the name of every guest, and of no other owner.
	OwnerPrefix = "guest:"
)

// NewOwner returns a new owner whose things end at a time, in whole seconds. Its name cannot be guessed.
func NewOwner(ends time.Time) string {
	return OwnerPrefix + strconv.FormatInt(ends.Unix(), 10) + ":" + rand.Text()
}

// IsOwner reports whether an owner is a guest.
func IsOwner(owner string) bool { return strings.HasPrefix(owner, OwnerPrefix) }

// EndOf returns when the things of a guest end; false for another owner.
func EndOf(owner string) (time.Time, bool) {
	rest, ok := strings.CutPrefix(owner, OwnerPrefix)
	if !ok {
		return time.Time{}, false
	}
	text, _, _ := strings.Cut(rest, ":")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}
