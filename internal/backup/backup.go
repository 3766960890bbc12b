// Package backup writes saved timelines and the editions of the catalogue to a target, a folder or a bucket, and
// restores them. A backup is some objects under one name:
//
//	<name>/editions-00001.jsonl.gz    an edition of the catalogue
//	<name>/timelines-00001.jsonl.gz   saved timelines, about a megabyte of them
//	<name>/manifest.json              the list of the others with their lengths and SHA-256, written last
//
// A backup without a manifest was interrupted, and is never restored. Timelines of guests are left out: they are
// deleted after a day, which a backup would undo. The installation's id is in the manifest, because it moves with the
// data.
package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

const (
	// partSize is the compressed size, in bytes, at which a part is complete. A part is held in memory.
	partSize = 1 << 20
	// maxObject bounds what is read of one object: a part, or an edition, which has about 300 kB.
	maxObject = 64 << 20
	// batchSize is the number of timelines that are restored with one call of the store.
	batchSize = 200
	// abandoned is the age at which a backup without a manifest counts as interrupted, and is deleted.
	abandoned = 24 * time.Hour
)

// Target holds the objects of backups. Names have one slash, and otherwise letters, digits, dots and hyphens.
type Target interface {
	// WriteObject stores an object whole or not at all, in place of one of the same name, and durably.
	WriteObject(ctx context.Context, name string, content []byte) error
	// ReadObject returns an object of at most limit bytes; fs.ErrNotExist is in the error for a missing one.
	ReadObject(ctx context.Context, name string, limit int64) ([]byte, error)
	// ListObjects returns the names of the objects, in no order. Names that are not of this form may be among them.
	ListObjects(ctx context.Context) ([]string, error)
	// DeleteObject removes an object; a missing one is no error.
	DeleteObject(ctx context.Context, name string) error
}

// Source is the database of which a backup is made.
type Source interface {
	InstallationID(ctx context.Context) (string, error)
	// CatalogueVersion is "" before the first seed.
	CatalogueVersion(ctx context.Context) (string, error)
	LoadEditions(ctx context.Context) ([]catalogue.Data, error)
	VisitTimelines(ctx context.Context, visit func(timeline.Saved) error) error
}

// Deps are what backups need.
type Deps struct {
	Target Target
	Clock  func() time.Time
	Logger *slog.Logger
	// Program is the version of the program, for the manifest.
	Program string
}

// Archive is the backups of a target.
type Archive struct {
	target  Target
	now     func() time.Time
	log     *slog.Logger
	program string
}

// New returns the backups of a target; an error names what is missing.
func New(d Deps) (*Archive, error) {
	if err := dependency.Require("backup", d, "Target", "Clock", "Logger"); err != nil {
		return nil, err
	}
	return &Archive{target: d.Target, now: d.Clock, log: d.Logger, program: d.Program}, nil
}

// The name of a backup begins with its time, so that the order of names is that of time.
const (
	namePrefix = "tmd-"
	nameTime   = "20060102T150405Z"
)

var nameForm = regexp.MustCompile(`^tmd-(\d{8}T\d{6}Z)-[a-z2-7]{6}$`)

func newName(at time.Time) string {
	return namePrefix + at.UTC().Format(nameTime) + "-" + strings.ToLower(rand.Text()[:6])
}

// timeOfName returns when a backup began; false for what is not the name of one.
func timeOfName(name string) (time.Time, bool) {
	m := nameForm.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	at, err := time.Parse(nameTime, m[1])
	return at, err == nil
}

// stored is the objects of one backup.
type stored struct {
	name     string
	began    time.Time
	objects  []string // without the name
	complete bool     // there is a manifest
}

// listStored returns the backups of the target, the oldest first. Other objects are left out: they are not ours.
func (a *Archive) listStored(ctx context.Context) ([]*stored, error) {
	names, err := a.target.ListObjects(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]*stored{}
	var all []*stored
	for _, full := range names {
		name, object, _ := strings.Cut(full, "/")
		began, ok := timeOfName(name)
		if !ok || object == "" {
			continue
		}
		s := byName[name]
		if s == nil {
			s = &stored{name: name, began: began}
			byName[name] = s
			all = append(all, s)
		}
		s.objects = append(s.objects, object)
		s.complete = s.complete || object == manifestName
	}
	slices.SortFunc(all, func(a, b *stored) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// ErrNotFound is in the error for a target without the backup that was asked for.
var ErrNotFound = errors.New("there is no such backup")

// ErrDamaged is in the error for a backup that was interrupted, or whose objects are not those of its manifest.
var ErrDamaged = errors.New("the backup is incomplete or damaged")

// List returns the manifests of the complete backups, the oldest first, and the names of those without a manifest. A
// manifest that cannot be read counts among the latter.
func (a *Archive) List(ctx context.Context) (complete []Manifest, incomplete []string, err error) {
	all, err := a.listStored(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range all {
		m, err := a.loadManifest(ctx, s.name)
		switch {
		case errors.Is(err, ErrDamaged), errors.Is(err, ErrNotFound):
			incomplete = append(incomplete, s.name)
		case err != nil:
			return nil, nil, err
		default:
			complete = append(complete, m)
		}
	}
	return complete, incomplete, nil
}

// findName returns name, or for "" the newest complete backup.
func (a *Archive) findName(ctx context.Context, name string) (string, error) {
	all, err := a.listStored(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range slices.Backward(all) {
		switch {
		case name == s.name && !s.complete:
			return "", fmt.Errorf("%s: it has no manifest, so it was interrupted: %w", name, ErrDamaged)
		case name == s.name, name == "" && s.complete:
			return s.name, nil
		}
	}
	if name == "" && len(all) > 0 {
		return "", fmt.Errorf("none of the %d backups has a manifest: %w", len(all), ErrDamaged)
	}
	if name == "" {
		return "", fmt.Errorf("the target holds no backup at all: %w: correct its name, or make one with tmd backup", ErrNotFound)
	}
	return "", fmt.Errorf("%q: %w", name, ErrNotFound)
}

// Verify reads a backup, the newest for "", and compares it with its manifest.
func (a *Archive) Verify(ctx context.Context, name string) (Manifest, error) {
	name, err := a.findName(ctx, name)
	if err != nil {
		return Manifest{}, err
	}
	m, err := a.loadManifest(ctx, name)
	if err != nil {
		return Manifest{}, err
	}
	for _, f := range m.Files {
		content, err := a.readFile(ctx, m, f)
		if err != nil {
			return m, err
		}
		if err := verifyRows(m, f, content); err != nil {
			return m, err
		}
	}
	return m, nil
}

// DeleteOld deletes complete backups but the newest keep, and those that were interrupted a day ago. It returns the
// names. The manifest goes first: a backup without it is not restored.
func (a *Archive) DeleteOld(ctx context.Context, keep int) ([]string, error) {
	all, err := a.listStored(ctx)
	if err != nil {
		return nil, err
	}
	var deleted []string
	for _, s := range slices.Backward(all) {
		if s.complete && keep > 0 {
			keep--
			continue
		}
		if !s.complete && a.now().Sub(s.began) < abandoned {
			continue
		}
		if err := a.deleteStored(ctx, s); err != nil {
			return deleted, err
		}
		deleted = append(deleted, s.name)
	}
	return deleted, nil
}

func (a *Archive) deleteStored(ctx context.Context, s *stored) error {
	if s.complete {
		if err := a.target.DeleteObject(ctx, s.name+"/"+manifestName); err != nil {
			return err
		}
	}
	for _, object := range s.objects {
		if err := a.target.DeleteObject(ctx, s.name+"/"+object); err != nil {
			return err
		}
	}
	return nil
}

// isMissing reports whether an object does not exist.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
