package job

import (
	"strings"
	"time"
)

// The endings of the names of stored files.
const (
	documentSuffix = ".pdf"
	ticketSuffix   = ".json"
	// keptSuffix ends with documentSuffix as well; no id does, so the names cannot be confused.
	keptSuffix = ".failed.pdf"
	// TemporarySuffix ends the name of a file that is being written.
	TemporarySuffix = ".tmp"
)

// FileNames are the names of the files of one job, the same in every store of uploads.
type FileNames struct {
	Document string // the uploaded document
	Ticket   string // from which the job can be restored without Redis
	Kept     string // the document of a job that failed, kept for operators
}

// FileNamesOf returns the names of a job's files; ErrID for an id that ParseID refuses, so that no name leads out of
// the store.
func FileNamesOf(id ID) (FileNames, error) {
	if _, err := ParseID(string(id)); err != nil {
		return FileNames{}, err
	}
	name := string(id)
	return FileNames{Document: name + documentSuffix, Ticket: name + ticketSuffix, Kept: name + keptSuffix}, nil
}

// StoredFiles is what the store of uploads holds for one job: its document, its ticket or both; or, as an entry of its
// own, a document that is kept after the job has failed. The record of the job decides whether it is left over.
type StoredFiles struct {
	ID       ID // "" for a temporary file
	Document bool
	Ticket   bool // in a file of its own; a document may contain one
	Kept     bool
	Size     int64     // of the document's file, in bytes
	Modified time.Time // when the younger of the two was written last
	// Temporary is the name of a file that was being written when the store was listed: when it is old, its writer has
	// ended.
	Temporary string
}

// ParseFileName returns what a name says of a stored file. It returns the zero value for a name that no store gives.
func ParseFileName(name string) StoredFiles {
	if strings.HasSuffix(name, TemporarySuffix) && !strings.Contains(name, "/") {
		return StoredFiles{Temporary: name}
	}
	for _, kind := range []struct {
		suffix string
		files  StoredFiles
	}{
		{keptSuffix, StoredFiles{Kept: true}},
		{documentSuffix, StoredFiles{Document: true}},
		{ticketSuffix, StoredFiles{Ticket: true}},
	} {
		if prefix, ok := strings.CutSuffix(name, kind.suffix); ok {
			if id, err := ParseID(prefix); err == nil {
				kind.files.ID = id
				return kind.files
			}
		}
	}
	return StoredFiles{}
}

// mergeWith combines two partial listings of one job's files.
func (f StoredFiles) mergeWith(other StoredFiles) StoredFiles {
	f.Document, f.Ticket, f.Size = f.Document || other.Document, f.Ticket || other.Ticket, f.Size+other.Size
	if other.Modified.After(f.Modified) {
		f.Modified = other.Modified
	}
	return f
}

// FileList collects a listing: one entry for a job, one for each kept document and one for each temporary file.
type FileList struct {
	files []StoredFiles
	index map[fileKey]int
}

type fileKey struct {
	id   ID
	kept bool
}

// AddFile adds a file of this name, size and time of its last change. A name that no store gives is ignored.
func (l *FileList) AddFile(name string, size int64, modified time.Time) {
	f := ParseFileName(name)
	if f == (StoredFiles{}) {
		return
	}
	f.Modified = modified
	if f.Document || f.Kept {
		f.Size = size
	}
	if f.ID == "" {
		l.AddTemporary(name, modified)
		return
	}
	key := fileKey{f.ID, f.Kept}
	if i, ok := l.index[key]; ok {
		l.files[i] = l.files[i].mergeWith(f)
		return
	}
	if l.index == nil {
		l.index = map[fileKey]int{}
	}
	l.index[key] = len(l.files)
	l.files = append(l.files, f)
}

// AddTemporary adds something that was being written, under the store's name for it.
func (l *FileList) AddTemporary(name string, modified time.Time) {
	l.files = append(l.files, StoredFiles{Temporary: name, Modified: modified})
}

// StoredFiles returns what was added, in no order.
func (l *FileList) StoredFiles() []StoredFiles { return l.files }
