package pdftext_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// cacheFolder is where the library keeps the entries of a version.
const cacheFolder = "wazero-v0-" + runtime.GOARCH + "-" + runtime.GOOS

// writeEntry writes a file of a cache folder.
func writeEntry(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, cacheFolder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCacheEntryThatCannotBeUsedIsDeleted(t *testing.T) {
	t.Parallel()
	const sumOfModule = "6 cd79e511\n"
	for _, tt := range []struct {
		name, entry, sum string
		isKept           bool
	}{
		{"whole", "module", sumOfModule, true},
		{"empty", "", sumOfModule, false},
		{"cut", "modul", sumOfModule, false},
		{"changed", "modulf", sumOfModule, false},
		{"without a checksum", "module", "", false},
		{"checksum of another file", "module", "6 00000000\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := writeEntry(t, dir, "c67efcd3", tt.entry)
			if tt.sum != "" {
				writeEntry(t, dir, "c67efcd3.sum", tt.sum)
			}
			if err := pdftext.OpenModuleCache(dir); err != nil {
				t.Fatal(err)
			}
			for _, p := range []string{path, path + ".sum"} {
				if _, err := os.Stat(p); (err == nil) != tt.isKept {
					t.Errorf("%s: %v; want kept %t", filepath.Base(p), err, tt.isKept)
				}
			}
		})
	}
}

func TestCacheEntryOfAnotherUserIsDeleted(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	dir := t.TempDir()
	path := writeEntry(t, dir, "c67efcd3", "module")
	writeEntry(t, dir, "c67efcd3.sum", "6 cd79e511\n")
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if err := pdftext.OpenModuleCache(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the entry of another user: %v; want it deleted", err)
	}
}

// readPage reads one small document.
func readPage(t *testing.T, e *pdftext.Extractor) {
	t.Helper()
	pages, err := e.Pages(t.Context(), sample(t, "transcripts/soen-coop.pdf"))
	if err != nil || len(pages) == 0 {
		t.Errorf("%d pages, %v; want the pages of the document", len(pages), err)
	}
}

func TestDamagedCacheEntryIsCompiledAgain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles PDFium")
	}
	newExtractor(t) // fills the cache of the tests
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testenv.WasmCache())); err != nil {
		t.Fatal(err)
	}
	entries, err := filepath.Glob(filepath.Join(dir, "*", "*.sum"))
	if err != nil || len(entries) == 0 {
		t.Fatalf("entries with checksums: %v, %v", entries, err)
	}
	for _, sum := range entries {
		// A changed byte in the table of functions passes the library's own check and would crash the process.
		path := strings.TrimSuffix(sum, ".sum")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[100] ^= 0xff
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := pdftext.New(pdftext.Config{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.CacheProblem(); err != nil {
		t.Errorf("problem %v; want none", err)
	}
	readPage(t, e)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := pdftext.OpenModuleCache(dir); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*.sum")); len(left) == 0 {
		t.Error("no new entry")
	}
}

func TestCacheFolderThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pdftext.OpenModuleCache(file); err == nil {
		t.Error("a file in the place of the folder is no error")
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := pdftext.OpenModuleCache("/proc/self/net/cache"); err == nil {
		t.Error("a folder that cannot be made is no error")
	}
}

func TestCacheFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles PDFium")
	}
	folder := filepath.Join(t.TempDir(), "folder")
	e, err := pdftext.NewWithoutFolder(folder, func() error { return os.RemoveAll(folder) })
	if err != nil {
		t.Fatal(err)
	}
	if e.CacheProblem() == nil {
		t.Error("no problem; want the reason")
	}
	readPage(t, e)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
