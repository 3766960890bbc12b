package commands_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// writeEdition writes the embedded catalogue as a folder, under a year and changed.
func writeEdition(t *testing.T, calendar string, change func(*catalogue.Data)) string {
	t.Helper()
	d := cataloguetest.EmbeddedData()
	change(&d)
	dir := t.TempDir()
	for name, v := range map[string]any{
		"edition.json": map[string]any{"calendar": calendar, "equivalents": d.Equivalents}, "degrees.json": d.Degrees, "pools.json": d.Pools,
		"courses.json": d.Courses, "sequences.json": d.Sequences,
	} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCatalogueValidate(t *testing.T) {
	t.Parallel()
	none := noServer()
	if got := none.runCommand(t, nil, "catalogue", "validate", filepath.Join("..", "catalogue", "data")); got.code != 0 ||
		!strings.Contains(got.out, ".: edition 2026-27, 23 degrees, 77 pools, 3702 courses, 25 sequences") {
		t.Errorf("%+v, want the embedded edition to be valid", got)
	}
	faulty := writeEdition(t, "2027-28", func(d *catalogue.Data) {
		d.Degrees[0].TotalCredits++
		d.Courses[0].Title = ""
	})
	got := none.runCommand(t, nil, "catalogue", "validate", faulty)
	for _, want := range []string{"courses.json: ACCO 220: no title\n", "degrees.json: BCompSc Joint Major", "requires 90 credits"} {
		if got.code != 1 || want != "requires 90 credits" && !strings.Contains(got.out, want) {
			t.Errorf("%+v, want exit code 1 and %q", got, want)
		}
	}
	if got := none.runCommand(t, nil, "catalogue", "validate", filepath.Join(faulty, "missing")); got.code != 2 {
		t.Errorf("%+v, want exit code 2 for a folder that is not there", got)
	}
}

// The store of `tmd all`: a faulty edition changes nothing, a dry run neither, and an import loads the edition next to
// the other.
func TestCatalogueImport(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"file": {"TMD_DATA_DIR=" + t.TempDir()}, "MongoDB": {"MONGODB_URI=" + testenv.NewMongoDatabase(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			none := noServer()
			run := func(wantCode int, wantText string, args ...string) {
				t.Helper()
				got := none.runCommand(t, env, append([]string{"catalogue"}, args...)...)
				if got.code != wantCode || !strings.Contains(got.out+got.err, wantText) {
					t.Fatalf("%v: exit code %d, %s%s; want %d and %q", args, got.code, got.out, got.err, wantCode, wantText)
				}
			}
			first := writeEdition(t, "2026-27", func(*catalogue.Data) {})
			next := writeEdition(t, "2027-28", func(d *catalogue.Data) { d.Courses[0].Title = "Renamed" })
			faulty := writeEdition(t, "2027-28", func(d *catalogue.Data) { d.Degrees[0].TotalCredits++ })
			run(1, "no edition is loaded", "diff", first)
			run(0, "edition 2026-27\ndegrees: 23, of these 23 new", "import", first)
			run(1, "degrees.json: BCompSc Joint Major", "import", faulty)
			run(0, "saved timelines: 0", "import", "--dry-run", next)
			run(2, `"2027-28" is not loaded`, "diff", "--against", "2027-28", next)
			run(0, "edition 2027-28 against 2026-27: 2 differences", "diff", next)
			run(0, "courses.json  ACCO 220  changed  title", "diff", next)
			run(0, `"against": "2026-27"`, "diff", "--json", next)
			run(0, "courses: 3702, of these 0 new, 1 changed; 0 removed", "import", next)
			run(0, "edition 2027-28 against 2027-28: 0 differences", "diff", next)
			run(0, "edition 2026-27 against 2026-27: 0 differences", "diff", first)
		})
	}
}

// What the commands print, word for word.
func TestCatalogueOutput(t *testing.T) {
	t.Parallel()
	sequences := cataloguetest.Embedded().Data().Sequences[:2]
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/degrees/D/sequences", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"sequences": sequences})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	env := []string{"TMD_DATA_DIR=" + t.TempDir(), "TMD_URL=" + server.URL}
	first := writeEdition(t, "2026-27", func(*catalogue.Data) {})
	next := writeEdition(t, "2027-28", func(d *catalogue.Data) {
		d.Courses[0].Title, d.Courses[1].Credits = "Renamed", 4
		d.Pools[0].Name = "Renamed"
	})
	faulty := writeEdition(t, "2027-28", func(d *catalogue.Data) {
		d.Degrees[0].TotalCredits++
		d.Courses[0].Title = ""
	})
	for _, step := range []struct {
		golden string
		args   []string
	}{
		{"validate", []string{"validate", faulty}}, {"import", []string{"import", first}}, {"diff", []string{"diff", next}},
		{"import-dry-run", []string{"import", "--dry-run", next}}, {"sequences", []string{"sequences", "D"}},
	} {
		got := noServer().runCommand(t, env, append([]string{"catalogue"}, step.args...)...)
		wantGoldenText(t, "catalogue-"+step.golden, got.out+got.err)
	}
}

// wantGoldenText compares a text with a golden file.
func wantGoldenText(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
