package httpapi

import (
	_ "embed"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
)

// openAPI is the API's description, OpenAPI 3.1. Tests hold the routes and their answers to it.
//
//go:embed openapi.json
var openAPI []byte

// file is a file that is served: compressed once, at the start.
type file struct {
	media  string
	policy []string // nil: the one of the API
	kept   kept
}

// loadFiles prepares the page and the description.
func loadFiles() (map[string]file, error) {
	pages, err := page.Files()
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for _, p := range pages {
		k, err := keepText(p.Body)
		if err != nil {
			return nil, err
		}
		files[p.Name] = file{media: p.Type, policy: []string{page.Policy}, kept: k}
	}
	k, err := keepText(openAPI)
	if err != nil {
		return nil, err
	}
	files["openapi.json"] = file{media: typeJSON, kept: k}
	return files, nil
}

// serve answers with a file.
func (a *API) serve(name string) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, ok := a.files[name]
		if !ok {
			return fault.New(fault.NotFound)
		}
		h := w.Header()
		if f.policy != nil {
			h["Content-Security-Policy"] = f.policy
		}
		h.Set("Content-Type", f.media)
		h.Set("Cache-Control", "no-cache") // asked for again at each visit, and mostly 304
		return f.kept.write(w, r)
	}
}

// asset answers with a file that the pages refer to.
func (a *API) asset(w http.ResponseWriter, r *http.Request) error {
	switch name := chi.URLParam(r, "file"); name {
	case page.Index, page.Docs, "openapi.json":
		return fault.New(fault.NotFound)
	default:
		return a.serve(name)(w, r)
	}
}
