// Command licences lists the modules that are linked into programs and their licences: one row a module, as Markdown.
//
//	licences [-check FILE] MODULE-FOLDER PACKAGE...
//
// For each linked package it reads the licence files of the package's folder and of those above it, up to the module.
// It fails when a module has no licence that it recognises, or one that the project does not accept. With -check it
// fails when FILE differs from its output.
//
// It needs only the modules themselves.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// taken are the licences that require only a notice, by their SPDX names (BSL-1.0 is Boost's). MPL-2.0 also requires
// the source of changed files of the module, and there are none.
var taken = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "MIT", "MPL-2.0", "Unlicense", "Zlib"}

// enough is the percentage of a file that must be known text: the rest is names, years and titles.
const enough = 60.0 // percent

func main() {
	check := flag.String("check", "", "a file that must be what is printed")
	flag.Parse()
	if err := run(*check, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(check string, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: licences [-check FILE] MODULE-FOLDER PACKAGE...")
	}
	modules, err := linked(args[0], args[1:])
	if err != nil {
		return err
	}
	page, err := render(modules)
	if err != nil {
		return err
	}
	if check == "" {
		_, err = os.Stdout.Write(page)
		return err
	}
	was, err := os.ReadFile(check)
	if err != nil {
		return err
	}
	if !bytes.Equal(was, page) {
		return fmt.Errorf("%s is stale: run `make dependencies` and commit", check)
	}
	return nil
}

// module is a linked module.
type module struct {
	path, version string
	licences      map[string]bool // by their SPDX names
	faults        []string
}

type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path, Version, Dir string }
	}
}

// linked returns the modules of the packages, by path.
func linked(folder string, packages []string) ([]*module, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, packages...)...)
	cmd.Dir = folder
	// As in the build of the image.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	all := map[string]*module{}
	seen := map[string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		m := all[p.Module.Path]
		if m == nil {
			m = &module{path: p.Module.Path, version: p.Module.Version, licences: map[string]bool{}}
			all[p.Module.Path] = m
		}
		root := p.Module.Dir
		if p.Module.Replace != nil {
			root = p.Module.Replace.Dir
			m.version = p.Module.Replace.Version + " (" + p.Module.Replace.Path + ")"
		}
		for dir := p.Dir; ; dir = filepath.Dir(dir) {
			if !seen[dir] {
				seen[dir] = true
				if err := m.read(dir); err != nil {
					return nil, err
				}
			}
			if dir == root || len(dir) < len(root) {
				break
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *module) int { return strings.Compare(a.path, b.path) }), nil
}

var licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[sc]e|copying)([-._].*)?$`)

// read reads the licences in a folder.
func (m *module) read(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		// LICENSE.docs applies to the module's documentation, which is not linked.
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || slices.Contains([]string{".go", ".docs"}, filepath.Ext(e.Name())) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		cover := licensecheck.Scan(text)
		if cover.Percent < enough {
			m.faults = append(m.faults, fmt.Sprintf("%s: only %.0f %% of it is the text of a licence that is known", e.Name(), cover.Percent))
		}
		for _, match := range cover.Match {
			if !match.IsURL {
				m.licences[match.ID] = true
			}
		}
	}
	return nil
}

// judge returns the faults of a module's licences.
func (m *module) judge() []string {
	faults := slices.Clone(m.faults)
	if len(m.licences) == 0 {
		faults = append(faults, "no licence that is known")
	}
	for id := range m.licences {
		if !slices.Contains(taken, id) {
			faults = append(faults, id+" is not among the licences that are taken")
		}
	}
	slices.Sort(faults)
	return faults
}

const head = `# Dependencies

What is linked into the programs of this project, made by ` + "`make dependencies`" + `; ` + "`make audit`" + ` holds it against the code, the
licences against the list of those that are taken (%s), and all of it against the
database of known vulnerabilities. Besides these there is the standard library of Go (BSD-3-Clause), and in
github.com/klippa-app/go-pdfium a build of PDFium (BSD-3-Clause and Apache-2.0) with the libraries that PDFium carries.

| module | version | licence |
| --- | --- | --- |
`

func render(modules []*module) ([]byte, error) {
	var (
		b      bytes.Buffer
		faults []error
	)
	fmt.Fprintf(&b, head, strings.Join(taken, ", "))
	for _, m := range modules {
		for _, f := range m.judge() {
			faults = append(faults, fmt.Errorf("%s %s: %s", m.path, m.version, f))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.path, m.version, strings.Join(slices.Sorted(maps.Keys(m.licences)), ", "))
	}
	return b.Bytes(), errors.Join(faults...)
}
