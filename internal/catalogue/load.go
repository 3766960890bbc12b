package catalogue

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	return ReadFolder(folder)
}

// edition is the content of editionFile.
type edition struct {
	Calendar    string     `json:"calendar"`
	Equivalents [][]string `json:"equivalents"`
}

// ReadFolder reads the catalogue of a folder with one JSON file for each kind of entry. The error names the file and
// the entry that cannot be decoded. New and CheckConsistency check the contents.
func ReadFolder(folder fs.FS) (Data, error) {
	var d Data
	var e edition
	err := errors.Join(
		readFile(folder, editionFile, func(b []byte) error { return json.Unmarshal(b, &e) }),
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
		return fmt.Errorf("catalogue: %s: %w", name, err)
	}
	return nil
}

// decodeEntries decodes a list. Only after a failure does it search for the faulty entry.
func decodeEntries[T any](into *[]T) func([]byte) error {
	return func(b []byte) error {
		whole := json.Unmarshal(b, into)
		if whole == nil {
			return nil
		}
		var entries []json.RawMessage
		if err := json.Unmarshal(b, &entries); err != nil {
			return err
		}
		for i, raw := range entries {
			var entry T
			if err := json.Unmarshal(raw, &entry); err != nil {
				return fmt.Errorf("entry %d: %w", i+1, err)
			}
		}
		return whole
	}
}
