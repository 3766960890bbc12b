package catalogue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// editionsOf builds editions of the embedded data under other calendars.
func editionsOf(tb testing.TB, calendars ...string) *catalogue.Editions {
	tb.Helper()
	var all []catalogue.Data
	for _, calendar := range calendars {
		d := clone(tb)
		d.Calendar = calendar
		all = append(all, d)
	}
	e, err := catalogue.NewEditions(all...)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func TestAcademicYear(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]string{
		"Summer 2026": "2026-27", "Fall 2026": "2026-27", "Winter 2027": "2026-27", "Fall/Winter 2026-27": "2026-27",
		"Winter 2026": "2025-26", "Fall 1999": "1999-00",
	} {
		at, err := term.Parse(printed)
		if err != nil {
			t.Fatal(err)
		}
		if got := catalogue.AcademicYear(at); got != want {
			t.Errorf("%s is in %s, want %s", printed, got, want)
		}
	}
}

func TestChooseEdition(t *testing.T) {
	t.Parallel()
	editions := editionsOf(t, "2026-27", "2023-24", "2025-26")
	if diff := cmp.Diff([]string{"2023-24", "2025-26", "2026-27"}, editions.Calendars()); diff != "" {
		t.Errorf("calendars (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		admitted term.Term
		want     string
		exact    bool
	}{
		{term.Term{Year: 2025, Season: term.Fall}, "2025-26", true},
		{term.Term{Year: 2026, Season: term.Winter}, "2025-26", true},
		{term.Term{Year: 2026, Season: term.Summer}, "2026-27", true},
		{term.Term{Year: 2024, Season: term.Fall}, "2025-26", false}, // the nearest later one
		{term.Term{Year: 2010, Season: term.Fall}, "2023-24", false},
		{term.Term{Year: 2030, Season: term.Fall}, "2026-27", false}, // there is no later one
		{term.Term{}, "2026-27", true},
	} {
		got, exact := editions.ChooseEdition(c.admitted)
		if got.Calendar() != c.want || exact != c.exact {
			t.Errorf("admitted %s: %s, exact %v; want %s, %v", c.admitted, got.Calendar(), exact, c.want, c.exact)
		}
	}
	t.Run("without a calendar", func(t *testing.T) {
		t.Parallel()
		if _, exact := editionsOf(t, "").ChooseEdition(term.Term{Year: 2025, Season: term.Fall}); !exact {
			t.Error("data of an older store differs from every year")
		}
	})
}

func TestNewEditionsRefuses(t *testing.T) {
	t.Parallel()
	broken := clone(t)
	broken.Degrees[0].Pools = []string{"no such pool"}
	for name, c := range map[string]struct {
		data []catalogue.Data
		want string
	}{
		"nothing":           {nil, "no edition"},
		"one edition twice": {[]catalogue.Data{clone(t), clone(t)}, "twice"},
		"faulty data":       {[]catalogue.Data{broken}, "no such pool"},
	} {
		if _, err := catalogue.NewEditions(c.data...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func ExampleEditions_ChooseEdition() {
	d, err := catalogue.LoadEmbedded()
	if err != nil {
		panic(err)
	}
	editions, err := catalogue.NewEditions(d)
	if err != nil {
		panic(err)
	}
	c, exact := editions.ChooseEdition(term.Term{Year: 2024, Season: term.Fall})
	fmt.Println(c.Calendar(), exact)
	// Output: 2026-27 false
}
