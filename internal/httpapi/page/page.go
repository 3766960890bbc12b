// Package page contains the files of the page and of the API's description for people: HTML, CSS and JavaScript without
// a framework and without external resources, so that a strict content security policy holds.
package page

import (
	"embed"
	"fmt"
	"path"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

//go:embed static
var static embed.FS

// Names of the two documents; the other files are their assets.
const (
	Index = "index.html"
	Docs  = "docs.html"
)

// Policy is the content security policy of the files: scripts and styles are files of this server, and nothing is
// loaded from elsewhere.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// types are the media types of the files, by extension.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// File is one file of the page.
type File struct {
	Name string
	Type string
	Body []byte
}

// newMinifier returns what makes scripts and styles small: without comments, and with short names inside of functions.
// The sources stay readable, and nothing has to be built before the program is.
func newMinifier() *minify.M {
	m := minify.New()
	m.AddFunc(".css", css.Minify)
	m.AddFunc(".js", js.Minify)
	return m
}

// Files returns every file, as it is served.
func Files() ([]File, error) {
	minifier := newMinifier()
	entries, err := static.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	files := make([]File, 0, len(entries))
	for _, e := range entries {
		body, err := static.ReadFile(path.Join("static", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		media, ok := types[path.Ext(e.Name())]
		if !ok {
			return nil, fmt.Errorf("page: %s has no media type", e.Name())
		}
		if kind := path.Ext(e.Name()); kind == ".js" || kind == ".css" {
			if body, err = minifier.Bytes(kind, body); err != nil {
				return nil, fmt.Errorf("page: %s: %w", e.Name(), err)
			}
		}
		files = append(files, File{Name: e.Name(), Type: media, Body: body})
	}
	return files, nil
}
