// Package page contains the files of the page and of the API's description for people: HTML, CSS and JavaScript without
// a framework and without external resources, so that a strict content security policy holds.
package page

import (
	"embed"
	"fmt"
	"path"

	"golang.org/x/text/language"
)

// dist are the files of the folder static as TestBundle bundles and shortens them.
//
//go:embed dist
var dist embed.FS

// Names of the documents; the other files are their assets.
const (
	Index = "index.html"
	Docs  = "docs.html"
	Admin = "admin.html" // for operators
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

// languages are those of the page, the default first.
var languages = language.NewMatcher([]language.Tag{language.English, language.French})

// PreloadTexts returns the header Link by which a browser loads the texts of the page in its language, named by the
// header Accept-Language, while it still loads the script that asks for them.
func PreloadTexts(accepted string) string {
	tag, _ := language.MatchStrings(languages, accepted)
	base, _ := tag.Base()
	return "</assets/text-" + base.String() + ".js>; rel=modulepreload; fetchpriority=low"
}

// File is one file of the page.
type File struct {
	Name string
	Type string
	Body []byte
}

// Files returns every file, as it is served.
func Files() ([]File, error) {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	files := make([]File, 0, len(entries))
	for _, e := range entries {
		body, err := dist.ReadFile(path.Join("dist", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		media, ok := types[path.Ext(e.Name())]
		if !ok {
			return nil, fmt.Errorf("page: %s has no media type", e.Name())
		}
		files = append(files, File{Name: e.Name(), Type: media, Body: body})
	}
	return files, nil
}
