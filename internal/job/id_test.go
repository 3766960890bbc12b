package job_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

const exampleID = "0b8b7f0a-6a3a-4a39-9d8e-0d86b572ffea"

func TestParseID(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{"a random UUID": uuid.NewString(), "one in lower case": exampleID} {
		t.Run(name, func(t *testing.T) {
			if id, err := job.ParseID(s); err != nil || string(id) != s {
				t.Errorf("got %q, %v, want %q", id, err, s)
			}
		})
	}
	for name, s := range map[string]string{
		"nothing":             "",
		"upper case":          strings.ToUpper(exampleID),
		"braces":              "{" + exampleID + "}",
		"a URN":               "urn:uuid:" + exampleID,
		"no hyphens":          strings.ReplaceAll(exampleID, "-", ""),
		"a suffix":            exampleID + ".pdf",
		"a hyphen elsewhere":  "0b8b7f0-a6a3a-4a39-9d8e-0d86b572ffea",
		"a digit for hyphen":  strings.Replace(exampleID, "-", "0", 1),
		"a letter above f":    "g" + exampleID[1:],
		"a path of 36 bytes":  "../../../../../../../../../../../etc",
		"a zero byte":         exampleID[:35] + "\x00",
		"another than ASCII":  exampleID[:34] + "é",
		"a space at the end":  exampleID[:35] + " ",
		"more than 36 digits": exampleID + "0",
	} {
		t.Run(name, func(t *testing.T) {
			if id, err := job.ParseID(s); !errors.Is(err, job.ErrID) || id != "" {
				t.Errorf("%q: got %q, %v, want ErrID", s, id, err)
			}
		})
	}
}

// ParseID agrees with the parser of UUIDs on everything.
func FuzzParseID(f *testing.F) {
	f.Add(exampleID)
	f.Add(strings.ToUpper(exampleID))
	f.Fuzz(func(t *testing.T, s string) {
		u, err := uuid.Parse(s)
		want := err == nil && u.String() == s
		if _, err := job.ParseID(s); (err == nil) != want {
			t.Errorf("%q: got %v, want an id: %v", s, err, want)
		}
	})
}
