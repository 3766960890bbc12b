package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

const (
	manifestName = "manifest.json"
	// format is the version of the objects' form. A program restores its own and older ones.
	format = 1
)

// The kinds of files.
const (
	kindEditions  = "editions"
	kindTimelines = "timelines"
)

// Manifest describes a complete backup. It names no person.
type Manifest struct {
	Format       int       `json:"format"`
	Name         string    `json:"name"`
	Program      string    `json:"program"`
	Installation string    `json:"installation"`
	BeganAt      time.Time `json:"beganAt"`
	EndedAt      time.Time `json:"endedAt"`
	// Editions are the academic years, the oldest first.
	Editions  []string `json:"editions"`
	Timelines int      `json:"timelines"`
	Files     []File   `json:"files"`
	// Sum is the SHA-256 of the manifest with an empty sum.
	Sum string `json:"sum"`
}

// File describes one object of a backup.
type File struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Rows   int    `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Bytes is the length of all files.
func (m Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

var fileForm = regexp.MustCompile(`^(editions|timelines)-\d{5}(-[a-z2-7]{6})?\.jsonl\.gz$`)

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// sumOf returns the sum that a manifest has.
func sumOf(m Manifest) (string, error) {
	m.Sum = ""
	encoded, err := json.Marshal(m)
	return digest(encoded), err
}

func (a *Archive) writeManifest(ctx context.Context, m Manifest) error {
	sum, err := sumOf(m)
	if err != nil {
		return err
	}
	m.Sum = sum
	encoded, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return a.target.WriteObject(ctx, m.Name+"/"+manifestName, append(encoded, '\n'))
}

func (a *Archive) loadManifest(ctx context.Context, name string) (Manifest, error) {
	encoded, err := a.target.ReadObject(ctx, name+"/"+manifestName, maxObject)
	if isMissing(err) {
		return Manifest{}, fmt.Errorf("%s: it has no manifest, so it was interrupted: %w", name, ErrDamaged)
	}
	if err != nil {
		return Manifest{}, err
	}
	return parseManifest(name, encoded)
}

// parseManifest reads the manifest of a backup and checks that it is one.
func parseManifest(name string, encoded []byte) (Manifest, error) {
	var m Manifest
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	if err := decoder.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("%s: its manifest cannot be read: %w: %w", name, err, ErrDamaged)
	}
	if m.Format > format {
		return Manifest{}, fmt.Errorf("%s: it was made by tmd %s in the newer format %d: restore it with that version", name, m.Program, m.Format)
	}
	sum, err := sumOf(m)
	switch {
	case err != nil:
		return Manifest{}, err
	case sum != m.Sum, m.Name != name, m.Format < 1:
		return Manifest{}, fmt.Errorf("%s: its manifest was changed: %w", name, ErrDamaged)
	}
	for _, f := range m.Files {
		if !fileForm.MatchString(f.Name) || f.Kind != kindEditions && f.Kind != kindTimelines {
			return Manifest{}, fmt.Errorf("%s: its manifest names the file %q: %w", name, f.Name, ErrDamaged)
		}
	}
	return m, nil
}

// readFile returns the bytes of a file, which are those of the manifest.
func (a *Archive) readFile(ctx context.Context, m Manifest, f File) ([]byte, error) {
	content, err := a.target.ReadObject(ctx, m.Name+"/"+f.Name, maxObject)
	if isMissing(err) {
		return nil, fmt.Errorf("%s: the file %s is missing: %w", m.Name, f.Name, ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	if int64(len(content)) != f.Bytes || digest(content) != f.SHA256 {
		return nil, fmt.Errorf("%s: the file %s is not the one of the manifest: %w", m.Name, f.Name, ErrDamaged)
	}
	return content, nil
}
