package catalogue_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

func TestDiffData(t *testing.T) {
	t.Parallel()
	before, after := clone(t), clone(t)
	slices.Reverse(after.Courses) // the order is no difference
	for i, c := range after.Courses {
		switch {
		case c.Code == "COMP 248":
			after.Courses[i].Credits, after.Courses[i].Title = 4, "Programming"
		case len(c.Rules) == 0:
			after.Courses[i].Rules = nil // and neither is an empty list
		}
	}
	after.Calendar = "2027-28"
	after.Pools = append(after.Pools, catalogue.Pool{ID: "new", Name: "New"})
	after.Degrees = slices.DeleteFunc(after.Degrees, func(g catalogue.Degree) bool { return g.ID == software })
	want := []catalogue.Change{
		{File: "edition.json", Entry: "2027-28", Kind: catalogue.Changed, Fields: []string{"calendar"}},
		{File: "degrees.json", Entry: software, Kind: catalogue.Removed},
		{File: "pools.json", Entry: "new", Kind: catalogue.Added},
		{File: "courses.json", Entry: "COMP 248", Kind: catalogue.Changed, Fields: []string{"credits", "title"}},
	}
	if diff := cmp.Diff(want, catalogue.DiffData(before, after)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got := catalogue.DiffData(before, before); len(got) != 0 {
		t.Errorf("a catalogue differs from itself: %v", got)
	}
}

func TestReadFolder(t *testing.T) {
	t.Parallel()
	folder := func(courses string) fstest.MapFS {
		return fstest.MapFS{
			"degrees.json": {Data: []byte("[]")}, "pools.json": {Data: []byte("[]")}, "sequences.json": {Data: []byte("[]")},
			"courses.json": {Data: []byte(courses)},
		}
	}
	d, err := catalogue.ReadFolder(folder(`[{"code":"COMP 248","title":"t","credits":3}]`))
	if err != nil || len(d.Courses) != 1 || d.Calendar != "" {
		t.Errorf("%+v, %v", d, err)
	}
	missing := folder("[]")
	delete(missing, "pools.json")
	for name, c := range map[string]struct {
		folder fstest.MapFS
		want   string
	}{
		"a number as text": {folder(`[{"code":"COMP 248","credits":3},{"code":"COMP 249","credits":"3"}]`), "courses.json: entry 2: "},
		"no JSON":          {folder(`[`), "courses.json: "},
		"no list":          {folder(`{}`), "courses.json: "},
		"no file":          {missing, "pools.json"},
	} {
		if _, err := catalogue.ReadFolder(c.folder); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
