package catalogue

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The files of a catalogue's folder.
const (
	editionFile   = "edition.json" // the calendar and the equivalents; a folder may lack it
	degreesFile   = "degrees.json"
	poolsFile     = "pools.json"
	coursesFile   = "courses.json"
	sequencesFile = "sequences.json"
)

//go:embed data/*.json
var embeddedFiles embed.FS

// LoadEmbedded returns the catalogue that is embedded in the binary.
func LoadEmbedded() (Data, error) {
	folder, err := fs.Sub(embeddedFiles, "data")
	if err != nil {
		return Data{}, fmt.Errorf("catalogue: %w", err)
	}
	return readFolder(folder)
}

// edition is the content of editionFile.
type edition struct {
	Calendar    string     `json:"calendar"`
	Equivalents [][]string `json:"equivalents"`
}

// readFolder reads the catalogue of a folder with one JSON file for each kind of entry. The error names every file and
// entry that cannot be decoded, a field that there is not among them. New and ValidateData check the contents.
func readFolder(folder fs.FS) (Data, error) {
	var d Data
	var e edition
	err := errors.Join(
		readFile(folder, editionFile, func(b []byte) error { return decodeStrictly(b, &e) }),
		readFile(folder, degreesFile, decodeEntries(&d.Degrees)),
		readFile(folder, poolsFile, decodeEntries(&d.Pools)),
		readFile(folder, coursesFile, decodeEntries(&d.Courses)),
		readFile(folder, sequencesFile, decodeEntries(&d.Sequences)),
	)
	if err != nil {
		return Data{}, err
	}
	d.Calendar, d.Equivalents = e.Calendar, e.Equivalents
	return d, nil
}

// Source is one edition and where it was read.
type Source struct {
	Path string // inside the folder that was given, "." for itself
	Data Data
}

// ReadEditions reads the editions of a folder: its own files, those of each folder in it, and those of each zip file in
// it. Names that begin with a dot are left out: a mounted ConfigMap keeps its files behind such links. The error names
// every edition that cannot be read, and says when there is none or one of them twice.
func ReadEditions(folder fs.FS) ([]Source, error) {
	var sources []Source
	var faults []error
	add := func(path string, edition fs.FS) {
		d, err := readFolder(edition)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
			return
		}
		for _, s := range sources {
			if s.Data.Calendar == d.Calendar {
				faults = append(faults, fmt.Errorf("%s: the edition %q is also in %s", path, d.Calendar, s.Path))
			}
		}
		sources = append(sources, Source{path, d})
	}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isCatalogueFile(e.Name()) }) {
		add(".", folder)
	}
	for _, e := range entries {
		name := e.Name()
		info, err := fs.Stat(folder, name) // through links
		switch {
		case strings.HasPrefix(name, "."):
		case err != nil:
			faults = append(faults, fmt.Errorf("catalogue: %w", err))
		case info.IsDir():
			inside, err := fs.Sub(folder, name)
			if err == nil && hasFile(inside, degreesFile) {
				add(name, inside)
			}
		case path.Ext(name) == ".zip":
			archive, err := openZip(folder, name)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			add(name, archive)
		}
	}
	if len(faults) == 0 && len(sources) == 0 {
		faults = append(faults, errors.New("catalogue: the folder holds no edition: "+degreesFile+", a folder with it, or a zip file with it"))
	}
	return sources, errors.Join(faults...)
}

func isCatalogueFile(name string) bool {
	return slices.Contains([]string{editionFile, degreesFile, poolsFile, coursesFile, sequencesFile}, name)
}

func hasFile(folder fs.FS, name string) bool {
	_, err := fs.Stat(folder, name)
	return err == nil
}

// maxArchive bounds a zip file and each file in it, in bytes. An edition has about 1 MB.
const maxArchive = 64 << 20

// openZip opens a zip file in memory. Its files are at its root, or in its one folder.
func openZip(folder fs.FS, name string) (fs.FS, error) {
	b, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("catalogue: %s: %w", name, err)
	}
	for _, f := range archive.File {
		if f.UncompressedSize64 > maxArchive {
			return nil, fmt.Errorf("catalogue: %s: %s is larger than %d bytes", name, f.Name, maxArchive)
		}
	}
	if entries, err := fs.ReadDir(archive, "."); err == nil && len(entries) == 1 && entries[0].IsDir() {
		return fs.Sub(archive, entries[0].Name())
	}
	return archive, nil
}

// readFile decodes one file. A missing edition file is no error: folders that only list entries lack it.
func readFile(folder fs.FS, name string, decode func([]byte) error) error {
	b, err := fs.ReadFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) && name == editionFile {
		return nil
	}
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	if err := decode(b); err != nil {
		var lines []error
		for _, err := range unwrapJoined(err) {
			lines = append(lines, fmt.Errorf("catalogue: %s: %w", name, err))
		}
		return errors.Join(lines...)
	}
	return nil
}

// unwrapJoined returns the errors that errors.Join joined, and any other error alone.
func unwrapJoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// decodeStrictly decodes JSON and refuses fields that there are not: a misspelled one would be taken for missing.
func decodeStrictly(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one value")
	}
	return nil
}

// decodeEntries decodes a list. Only after a failure does it search for the faulty entries.
func decodeEntries[T any](into *[]T) func([]byte) error {
	return func(b []byte) error {
		whole := decodeStrictly(b, into)
		if whole == nil {
			return nil
		}
		var entries []json.RawMessage
		if err := json.Unmarshal(b, &entries); err != nil {
			return err
		}
		var faults []error
		for i, raw := range entries {
			var entry T
			if err := decodeStrictly(raw, &entry); err != nil {
				faults = append(faults, fmt.Errorf("entry %d: %s%w", i+1, nameEntry(raw), err))
			}
		}
		if len(faults) == 0 {
			return whole
		}
		return errors.Join(faults...)
	}
}

// nameEntry returns the name of an entry that cannot be decoded and a colon, "" when it has none.
func nameEntry(raw []byte) string {
	var fields map[string]any
	_ = json.Unmarshal(raw, &fields) // without fields there is no name
	for _, key := range []string{"id", "code", "sequence"} {
		if name, ok := fields[key].(string); ok {
			return name + ": "
		}
	}
	return ""
}
