package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Erased says what EraseOwner did.
type Erased struct {
	Backups   int `json:"backups"`
	Timelines int `json:"timelines"`
	// Unfinished are backups without a manifest that may still be written. They may hold the owner's data: call
	// EraseOwner again when they have ended.
	Unfinished []string `json:"unfinished"`
}

// EraseOwner removes every timeline of an owner from all backups. It deletes the backups that were interrupted a day
// ago, and refuses to pass over one that it cannot read. It may be repeated, also after it was interrupted: at any
// moment each manifest names whole files.
func (a *Archive) EraseOwner(ctx context.Context, owner string) (Erased, error) {
	done := Erased{Unfinished: []string{}}
	if owner == "" {
		return done, errors.New("backup: erase: the owner is empty")
	}
	all, err := a.listStored(ctx)
	if err != nil {
		return done, err
	}
	for _, s := range all {
		switch {
		case s.complete:
			n, err := a.eraseFrom(ctx, s, owner)
			if err != nil {
				return done, fmt.Errorf("%w; delete this backup if it cannot be repaired, because it may hold the owner's data", err)
			}
			done.Timelines += n
			if n > 0 {
				done.Backups++
			}
		case a.now().Sub(s.began) >= abandoned:
			if err := a.deleteStored(ctx, s); err != nil {
				return done, err
			}
		default:
			done.Unfinished = append(done.Unfinished, s.name)
		}
	}
	return done, nil
}

// eraseFrom writes the files that hold the owner's timelines again under other names, then the manifest, and then
// deletes every object that the manifest does not name: the old files, and those that an interrupted erasure left.
func (a *Archive) eraseFrom(ctx context.Context, s *stored, owner string) (int, error) {
	m, err := a.loadManifest(ctx, s.name)
	if err != nil {
		return 0, err
	}
	erased := 0
	kept := make([]File, 0, len(m.Files))
	for _, f := range m.Files {
		if f.Kind != kindTimelines {
			kept = append(kept, f)
			continue
		}
		without, n, err := a.rewriteFile(ctx, m, f, owner)
		if err != nil {
			return 0, err
		}
		erased += n
		if without.Rows > 0 {
			kept = append(kept, without)
		}
	}
	if erased > 0 {
		m.Files, m.Timelines = kept, m.Timelines-erased
		if err := a.writeManifest(ctx, m); err != nil {
			return 0, err
		}
	}
	for _, object := range s.objects {
		if object == manifestName || slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == object }) {
			continue
		}
		if err := a.target.DeleteObject(ctx, s.name+"/"+object); err != nil {
			return 0, err
		}
	}
	return erased, nil
}

// rewriteFile writes a file again without an owner's rows, and returns it and the number of these rows. A file without
// such rows stays; one with nothing else is not written.
func (a *Archive) rewriteFile(ctx context.Context, m Manifest, f File, owner string) (File, int, error) {
	content, err := a.readFile(ctx, m, f)
	if err != nil {
		return File{}, 0, err
	}
	w, erased := newRowWriter(), 0
	err = visitRows(content, func(row timelineRow) error {
		if row.Owner == owner {
			erased++
			return nil
		}
		return w.writeRow(row)
	})
	if err != nil {
		return File{}, 0, fmt.Errorf("%s: the file %s cannot be read: %w: %w", m.Name, f.Name, err, ErrDamaged)
	}
	if erased == 0 {
		return f, 0, nil
	}
	if w.rows == 0 {
		return File{}, erased, nil
	}
	const prefix = len("timelines-00001")
	without, content, err := fileOf(f.Name[:prefix]+"-"+strings.ToLower(rand.Text()[:6])+".jsonl.gz", f.Kind, w)
	if err != nil {
		return File{}, 0, err
	}
	return without, erased, a.target.WriteObject(ctx, m.Name+"/"+without.Name, content)
}
