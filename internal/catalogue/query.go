package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// MaxPageSize is the largest number of courses of one page.
const MaxPageSize = 500

// CourseQuery asks for a page of courses in the order of their codes. Every condition that is set must hold.
type CourseQuery struct {
	Search string // each of its words occurs in the code or the title, in any case
	Pool   string // an id: the course is in this pool
	Prefix string // the code begins with it, in any case: "COMP", "COMP 2"
	After  string // the last code of the previous page
	Limit  int    // 1 to MaxPageSize; MaxPageSize for anything else
}

// SearchWords returns the words of Search in lower case.
func (q CourseQuery) SearchWords() []string { return strings.Fields(strings.ToLower(q.Search)) }

// PageSize returns the largest number of courses of the page.
func (q CourseQuery) PageSize() int {
	if q.Limit < 1 || q.Limit > MaxPageSize {
		return MaxPageSize
	}
	return q.Limit
}

// Fingerprint returns the version of a catalogue, 32 hexadecimal digits: the same for equal data in any order,
// another for any change.
func (d Data) Fingerprint() string {
	sorted := normalizeData(d)
	sum := sha256.New()
	// Strings, numbers and slices of them always have a JSON form, and a hash takes every write.
	_ = json.NewEncoder(sum).Encode(sorted)
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
