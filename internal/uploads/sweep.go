package uploads

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// listBatch is how many names are read at a time.
const listBatch = 512

// Leftover is a file of the folder.
type Leftover struct {
	Name string
	// Job is the job that it belongs to, "" for a temporary or strange name.
	Job      job.ID
	Size     int64
	Modified time.Time
	// Temporary says that it was being written: when it is old, its writer is gone.
	Temporary bool
}

// List returns the files of the folder, in no order. What goes meanwhile is left out.
func (s *Store) List(ctx context.Context) ([]Leftover, error) {
	folder, err := s.root.Open(".")
	if err != nil {
		return nil, failed("list", err)
	}
	defer folder.Close()
	var found []Leftover
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := folder.ReadDir(listBatch)
		for _, e := range entries {
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, failed("list", err)
			}
			if !info.Mode().IsRegular() {
				continue
			}
			l := Leftover{Name: e.Name(), Size: info.Size(), Modified: info.ModTime(), Temporary: strings.HasSuffix(e.Name(), temporary)}
			if id, ok := strings.CutSuffix(e.Name(), suffix); ok {
				if _, err := name(job.ID(id)); err == nil {
					l.Job = job.ID(id)
				}
			}
			found = append(found, l)
		}
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, failed("list", err)
		}
	}
}

// Sweep removes the documents and temporary files that were last written before olderThan, and says how many. Files that
// the store did not name are not its own and stay. Choose a time before which no job can be alive.
func (s *Store) Sweep(ctx context.Context, olderThan time.Time) (int, error) {
	files, err := s.List(ctx)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, f := range files {
		if f.Job == "" && !f.Temporary || !f.Modified.Before(olderThan) {
			continue
		}
		if err := s.remove(f.Name); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
