package httpapi

import (
	_ "embed"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// fileOpenAPI is the name under which the description is served.
const fileOpenAPI = "openapi.json"

// openAPI is the description of the API, OpenAPI 3.1. Tests compare the routes and their answers with it.
//
//go:embed openapi.json
var openAPI []byte

// file is a file that is served. It is compressed once, at the start.
type file struct {
	mediaType string
	policy    []string // nil keeps that of the API
	content   respond.CompressedResponse
}

// loadFiles prepares the page and the description.
func loadFiles() (map[string]file, error) {
	pages, err := page.Files()
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for _, p := range pages {
		k, err := respond.CompressFile(p.Body)
		if err != nil {
			return nil, err
		}
		files[p.Name] = file{mediaType: p.Type, policy: []string{page.Policy}, content: k}
	}
	k, err := respond.CompressFile(openAPI)
	if err != nil {
		return nil, err
	}
	files[fileOpenAPI] = file{mediaType: respond.TypeJSON, content: k}
	return files, nil
}

// serveFile answers with a file.
func (a *API) serveFile(name string) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, ok := a.files[name]
		if !ok {
			return fault.New(fault.NotFound)
		}
		h := w.Header()
		if f.policy != nil {
			h["Content-Security-Policy"] = f.policy
		}
		h.Set("Content-Type", f.mediaType)
		h.Set("Cache-Control", "no-cache") // revalidated at each visit, mostly with 304
		if name == page.Index {
			h.Set("Link", page.PreloadTexts(r.Header.Get("Accept-Language")))
			h.Add("Vary", "Accept-Language")
		}
		return f.content.WriteResponse(w, r)
	}
}

// serveAsset answers with a file that the pages refer to.
func (a *API) serveAsset(w http.ResponseWriter, r *http.Request) error {
	switch name := chi.URLParam(r, "file"); name {
	case page.Index, page.Docs, page.Admin, fileOpenAPI:
		return fault.New(fault.NotFound)
	default:
		return a.serveFile(name)(w, r)
	}
}
