package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// Overwrite says what happens to data that the database already has.
type Overwrite string

// The policies.
const (
	// OverwriteNever keeps what the database has.
	OverwriteNever Overwrite = "never"
	// OverwriteOlder replaces timelines that were last changed before that of the backup.
	OverwriteOlder Overwrite = "older"
	// OverwriteAlways replaces every timeline and edition that differs.
	OverwriteAlways Overwrite = "always"
)

// ParseOverwrite reads a policy.
func ParseOverwrite(text string) (Overwrite, error) {
	switch o := Overwrite(text); o {
	case OverwriteNever, OverwriteOlder, OverwriteAlways:
		return o, nil
	}
	return "", fmt.Errorf("%q is no policy: give %s, %s or %s", text, OverwriteNever, OverwriteOlder, OverwriteAlways)
}

// Database is the database into which a backup is restored.
type Database interface {
	Source
	SeedCatalogue(ctx context.Context, data catalogue.Data) error
	// AdoptInstallation stores the id of the installation, unless the database has one.
	AdoptInstallation(ctx context.Context, id string) error
	// FindTimelines returns those timelines of any owner that have one of the ids, by id.
	FindTimelines(ctx context.Context, ids []string) (map[string]timeline.Saved, error)
	// RestoreTimelines stores timelines with their ids, versions and times, and returns how many it stored. One
	// replaces the one of its id and owner that is at the version in replaces, and is not stored when the database has
	// another version, or for one that is not in replaces any.
	RestoreTimelines(ctx context.Context, all []timeline.Saved, replaces map[string]int64) (int, error)
}

// Options of a restore.
type Options struct {
	// Name is that of the backup; the newest complete one when empty.
	Name      string
	Overwrite Overwrite
	// Owner restores the timelines of one owner alone, and no catalogue.
	Owner string
	// DryRun counts, and changes nothing.
	DryRun bool
	// Copy leaves the id of the installation out: the database becomes another installation.
	Copy bool
}

// Counts are the outcomes of one kind of data.
type Counts struct {
	Added     int `json:"added"`
	Replaced  int `json:"replaced"`
	Unchanged int `json:"unchanged"`
	// Kept are those that the database has otherwise and that the policy keeps.
	Kept int `json:"kept"`
	// Conflicts are timelines that now belong to another owner, or were changed during the restore. They stay.
	Conflicts int `json:"conflicts"`
}

// Restored says what a restore did, or with DryRun what it would do.
type Restored struct {
	Backup    string `json:"backup"`
	DryRun    bool   `json:"dryRun"`
	Editions  Counts `json:"editions"`
	Timelines Counts `json:"timelines"`
}

// Restore restores a backup. It reads the whole backup once before it changes anything, so that a damaged one changes
// nothing. After an error the same call completes the restore.
func (a *Archive) Restore(ctx context.Context, db Database, o Options) (Restored, error) {
	m, err := a.Verify(ctx, o.Name)
	if err != nil {
		return Restored{}, err
	}
	r := &restore{archive: a, db: db, options: o, manifest: m, done: Restored{Backup: m.Name, DryRun: o.DryRun}}
	if o.Overwrite == "" {
		r.options.Overwrite = OverwriteNever
	}
	if o.Owner == "" && !o.Copy && !o.DryRun && m.Installation != "" {
		if err := db.AdoptInstallation(ctx, m.Installation); err != nil {
			return Restored{}, err
		}
	}
	if o.Owner == "" {
		if err := r.restoreEditions(ctx); err != nil {
			return r.done, err
		}
	}
	return r.done, r.restoreTimelines(ctx)
}

type restore struct {
	archive  *Archive
	db       Database
	options  Options
	manifest Manifest
	done     Restored
}

func (r *restore) restoreEditions(ctx context.Context) error {
	stored := map[string]string{}
	version, err := r.db.CatalogueVersion(ctx)
	if err != nil {
		return err
	}
	if version != "" {
		editions, err := r.db.LoadEditions(ctx)
		if err != nil {
			return err
		}
		for _, edition := range editions {
			stored[edition.Calendar] = edition.Fingerprint()
		}
	}
	return visitFiles(ctx, r, kindEditions, func(edition catalogue.Data) error {
		counts := &r.done.Editions
		was, has := stored[edition.Calendar]
		switch {
		case has && was == edition.Fingerprint():
			counts.Unchanged++
			return nil
		case has && r.options.Overwrite != OverwriteAlways:
			counts.Kept++
			return nil
		case has:
			counts.Replaced++
		default:
			counts.Added++
		}
		if r.options.DryRun {
			return nil
		}
		return r.db.SeedCatalogue(ctx, edition)
	})
}

func (r *restore) restoreTimelines(ctx context.Context) error {
	batch := make([]timeline.Saved, 0, batchSize)
	err := visitFiles(ctx, r, kindTimelines, func(row timelineRow) error {
		t := row.Timeline
		t.Owner = row.Owner
		if r.options.Owner != "" && t.Owner != r.options.Owner || guest.IsOwner(t.Owner) {
			return nil
		}
		if !timelines.ValidID(t.ID) {
			return fmt.Errorf("%s: a timeline has an unusable id: %w", r.manifest.Name, ErrDamaged)
		}
		if batch = append(batch, t); len(batch) < batchSize {
			return nil
		}
		full := batch
		batch = batch[:0:0]
		return r.restoreBatch(ctx, full)
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return r.restoreBatch(ctx, batch)
}

// visitFiles calls visit with each row of the files of a kind.
func visitFiles[T any](ctx context.Context, r *restore, kind string, visit func(T) error) error {
	for _, f := range r.manifest.Files {
		if f.Kind != kind {
			continue
		}
		content, err := r.archive.readFile(ctx, r.manifest, f)
		if err != nil {
			return err
		}
		if err := visitRows(content, visit); err != nil {
			return err
		}
	}
	return nil
}

func (r *restore) restoreBatch(ctx context.Context, batch []timeline.Saved) error {
	ids := make([]string, len(batch))
	for i, t := range batch {
		ids[i] = t.ID
	}
	stored, err := r.db.FindTimelines(ctx, ids)
	if err != nil {
		return err
	}
	var added, replaced []timeline.Saved
	replaces := map[string]int64{}
	counts := &r.done.Timelines
	for _, t := range batch {
		was, has := stored[t.ID]
		switch {
		case !has:
			added = append(added, t)
		case was.Owner != t.Owner:
			counts.Conflicts++
		case hasSameContent(was, t):
			counts.Unchanged++
		case r.options.Overwrite == OverwriteAlways, r.options.Overwrite == OverwriteOlder && was.UpdatedAt.Before(t.UpdatedAt):
			// A page that shows the replaced one must not save over it unseen.
			replaces[t.ID], t.Version = was.Version, max(was.Version, t.Version)+1
			replaced = append(replaced, t)
		default:
			counts.Kept++
		}
	}
	n, err := r.storeBatch(ctx, added, nil)
	counts.Added += n
	counts.Conflicts += len(added) - n
	if err != nil {
		return err
	}
	n, err = r.storeBatch(ctx, replaced, replaces)
	counts.Replaced += n
	counts.Conflicts += len(replaced) - n
	return err
}

// hasSameContent reports whether two timelines differ in nothing but their versions: a restore gives a new one.
func hasSameContent(a, b timeline.Saved) bool {
	a.Version, b.Version = 0, 0
	left, err := json.Marshal(a)
	right, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(left, right)
}

func (r *restore) storeBatch(ctx context.Context, all []timeline.Saved, replaces map[string]int64) (int, error) {
	if len(all) == 0 || r.options.DryRun {
		return len(all), nil
	}
	return r.db.RestoreTimelines(ctx, all, replaces)
}
