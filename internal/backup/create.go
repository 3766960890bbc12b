package backup

import (
	"context"
	"fmt"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Create writes a backup of a database and returns its manifest. Each timeline is whole and as it was at some moment of
// the backup; the backup as a whole is not of one moment. After an error there is no manifest, so what was written is
// never restored, and DeleteOld removes it a day later.
func (a *Archive) Create(ctx context.Context, source Source) (Manifest, error) {
	installation, err := source.InstallationID(ctx)
	if err != nil {
		return Manifest{}, err
	}
	began := a.now().UTC().Truncate(time.Millisecond)
	m := Manifest{Format: format, Name: newName(began), Program: a.program, Installation: installation, BeganAt: began, Editions: []string{}, Files: []File{}}
	if err := a.writeEditions(ctx, source, &m); err != nil {
		return Manifest{}, err
	}
	if err := a.writeTimelines(ctx, source, &m); err != nil {
		return Manifest{}, err
	}
	m.EndedAt = a.now().UTC().Truncate(time.Millisecond)
	if err := a.writeManifest(ctx, m); err != nil {
		return Manifest{}, err
	}
	return a.loadManifest(ctx, m.Name) // as a restore reads it
}

func (a *Archive) writeEditions(ctx context.Context, source Source, m *Manifest) error {
	version, err := source.CatalogueVersion(ctx)
	if err != nil || version == "" {
		return err
	}
	editions, err := source.LoadEditions(ctx)
	if err != nil {
		return err
	}
	for _, edition := range editions {
		w := newRowWriter()
		if err := w.writeRow(edition); err != nil {
			return err
		}
		if err := a.addFile(ctx, m, kindEditions, w); err != nil {
			return err
		}
		m.Editions = append(m.Editions, edition.Calendar)
	}
	return nil
}

func (a *Archive) writeTimelines(ctx context.Context, source Source, m *Manifest) error {
	w := newRowWriter()
	err := source.VisitTimelines(ctx, func(t timeline.Saved) error {
		if guest.IsOwner(t.Owner) {
			return nil
		}
		if err := w.writeRow(timelineRow{Owner: t.Owner, Timeline: t}); err != nil {
			return err
		}
		m.Timelines++
		if w.size() < partSize {
			return nil
		}
		full := w
		w = newRowWriter()
		return a.addFile(ctx, m, kindTimelines, full)
	})
	if err != nil || w.rows == 0 {
		return err
	}
	return a.addFile(ctx, m, kindTimelines, w)
}

// addFile writes a file and adds it to the manifest.
func (a *Archive) addFile(ctx context.Context, m *Manifest, kind string, w *rowWriter) error {
	f, content, err := fileOf(fmt.Sprintf("%s-%05d.jsonl.gz", kind, countKind(*m, kind)+1), kind, w)
	if err != nil {
		return err
	}
	if err := a.target.WriteObject(ctx, m.Name+"/"+f.Name, content); err != nil {
		return err
	}
	m.Files = append(m.Files, f)
	return nil
}

func fileOf(name, kind string, w *rowWriter) (File, []byte, error) {
	content, err := w.finishRows()
	if err != nil {
		return File{}, nil, err
	}
	return File{Name: name, Kind: kind, Rows: w.rows, Bytes: int64(len(content)), SHA256: digest(content)}, content, nil
}

func countKind(m Manifest, kind string) (n int) {
	for _, f := range m.Files {
		if f.Kind == kind {
			n++
		}
	}
	return n
}
