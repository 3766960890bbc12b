//go:build chaos

package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// work is something to submit, and its expected outcome.
type work struct {
	name   string
	path   string   // of the API
	body   []byte   // the document itself for an upload
	codes  []string // one of them is the outcome of a document that cannot be read
	costly bool     // reading it takes seconds

	// The outcome in an undisturbed system.
	digest string // of the result; empty when it fails
	code   string // of the failure
}

// buildBody returns the body to send. A document gets the given comment at its end, so that no two are the same bytes.
func (w *work) buildBody(distinct string) apiclient.Form {
	if w.path != uploadPath {
		return apiclient.Form{Body: w.body, ContentType: "application/json"}
	}
	return apiclient.NewDocumentForm(fmt.Appendf(bytes.Clone(w.body), "\n%% %s\n", distinct))
}

const (
	uploadPath = apiclient.UploadPath
	formPath   = "/api/timeline/form"
)

// loadDocuments reads the documents of the test set, with the fault codes of those that cannot be read.
func loadDocuments() ([]*work, error) {
	files, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests", "documents", "*", "*.pdf"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there are no documents under tests/documents")
	}
	var all []*work
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		expected, err := os.ReadFile(strings.TrimSuffix(file, ".pdf") + ".expected.json")
		if err != nil {
			return nil, err
		}
		var want struct{ Error any }
		if err := json.Unmarshal(expected, &want); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		w := &work{
			name: filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".pdf"),
			path: uploadPath, body: body,
		}
		switch codes := want.Error.(type) {
		case string:
			w.codes = []string{codes}
		case []any:
			for _, c := range codes {
				w.codes = append(w.codes, c.(string))
			}
		}
		w.costly = slices.Contains(w.codes, "too_complex")
		all = append(all, w)
	}
	return all, nil
}

// newForms returns some plans without a document.
func newForms() []*work {
	var all []*work
	for i, body := range []string{
		`{"degree":"BEng in Software Engineering","firstTerm":"Fall 2026","isCoop":true}`,
		`{"degree":"BCompSc in Computer Science","firstTerm":"Winter 2026"}`,
		`{"degree":"BEng in Software Engineering","firstTerm":"Fall 2025","isExtendedCreditProgram":true}`,
	} {
		all = append(all, &work{name: fmt.Sprintf("form-%d", i+1), path: formPath, body: []byte(body)})
	}
	return all
}

// menu is what users submit: mostly readable documents, some forms, some saved timelines, some hostile files.
type menu struct{ good, hostile, costly, forms []*work }

func newMenu(documents, forms []*work) *menu {
	m := &menu{forms: forms}
	for _, w := range documents {
		switch {
		case w.costly:
			m.costly = append(m.costly, w)
		case len(w.codes) > 0:
			m.hostile = append(m.hostile, w)
		default:
			m.good = append(m.good, w)
		}
	}
	return m
}

func (m *menu) chooseWork(r *rand.Rand, saved *work) *work {
	from := m.good
	switch n := r.IntN(100); {
	case n < 2:
		from = m.costly
	case n < 12:
		from = m.hostile
	case n < 22:
		from = m.forms
	case n < 27 && saved != nil:
		return saved
	}
	return from[r.IntN(len(from))]
}
