package term_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/term"
)

func parse(tb testing.TB, s string) term.Term {
	tb.Helper()
	t, err := term.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, printed, label string
	}{
		{"Fall 2026", "Fall 2026", "FALL 2026"},
		{"WINTER 2027", "Winter 2027", "WINTER 2027"},
		{"summer 2027", "Summer 2027", "SUMMER 2027"},
		{"  Fall \u00a0 2026\n", "Fall 2026", "FALL 2026"},
		{"Spring 2024", "Spring 2024", "SUMMER 2024"},
		{"Fall/Winter 2028-29", "Fall/Winter 2028-29", "FALL/WINTER 2028-29"},
		{"FALL/WINTER 2028-2029", "Fall/Winter 2028-29", "FALL/WINTER 2028-29"},
		{"Fall/Winter 2028", "Fall/Winter 2028-29", "FALL/WINTER 2028-29"},
		{"Fall/Winter 2099-00", "Fall/Winter 2099-00", "FALL/WINTER 2099-00"},
		{"Winter/Summer 2025", "Winter/Summer 2025", "WINTER/SUMMER 2025"},
		{"Winter/Summer 2024-25", "Winter/Summer 2025", "WINTER/SUMMER 2025"},
		{"Winter 1960", "Winter 1960", "WINTER 1960"},
		{"Fall 2200", "Fall 2200", "FALL 2200"},
	} {
		got, err := term.Parse(c.in)
		if err != nil || got.String() != c.printed || got.UpperLabel() != c.label {
			t.Errorf("%q: %q, label %q, %v", c.in, got, got.UpperLabel(), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "Fall", "2026", "Fall 26", "Fall 02026", "Autumn 2026", "Fall-2026", "Fall 2026-27", "Fall 2O26",
		"Fall/Winter 2026-28", "Fall/Winter 2026-26", "Fall/Winter 2026-7", "Fall/Winter 2026-27-28", "Fall/Winter 2026-",
		"Fall 1959", "Fall/Winter 0000-01", "Fall/Winter 9999-00", "Winter/Summer 2200-01", "Winter 2201", "Fall 9999", "Fall -026", "Fall +026", "Fall 2026 Winter", "/ 2026",
		"Fall 2026" + strings.Repeat(" ", 100), "FALL/SUMMER 2026", "Fall ٢٠٢٦",
	} {
		if got, err := term.Parse(s); err == nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// Inside a calendar year: Winter, Winter/Summer, Spring, Summer, Fall, Fall/Winter.
func TestCompare(t *testing.T) {
	t.Parallel()
	ordered := []string{
		"Fall/Winter 2025-26", "Winter 2026", "Winter/Summer 2026", "Spring 2026", "Summer 2026", "Fall 2026",
		"Fall/Winter 2026-27", "Winter 2027",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			got := term.Compare(parse(t, a), parse(t, b))
			if want := min(1, max(-1, i-j)); got != want {
				t.Errorf("%s and %s: %d; want %d", a, b, got, want)
			}
		}
	}
}

// Terms end at midnight in Toronto, 4 or 5 hours behind UTC, whatever the zone of the argument.
func TestAt(t *testing.T) {
	t.Parallel()
	utc := func(y int, m time.Month, d, h, mi, s int) time.Time { return time.Date(y, m, d, h, mi, s, 0, time.UTC) }
	for _, c := range []struct {
		term string
		now  time.Time
		want term.Position
	}{
		{"Winter 2026", utc(2026, time.January, 1, 4, 59, 59), term.Future},
		{"Winter 2026", utc(2026, time.January, 1, 5, 0, 0), term.Current},
		{"Winter 2026", utc(2026, time.May, 1, 3, 59, 59), term.Current}, // 30 April, 23:59:59
		{"Winter 2026", utc(2026, time.May, 1, 4, 0, 0), term.Past},
		{"Summer 2026", utc(2026, time.May, 1, 3, 59, 59), term.Future},
		{"Summer 2026", utc(2026, time.May, 1, 4, 0, 0), term.Current},
		{"Summer 2026", utc(2026, time.September, 1, 3, 59, 59), term.Current}, // 31 August
		{"Summer 2026", utc(2026, time.September, 1, 4, 0, 0), term.Past},
		{"Spring 2026", utc(2026, time.September, 1, 3, 59, 59), term.Current},
		{"Spring 2026", utc(2026, time.September, 1, 4, 0, 0), term.Past},
		{"Winter/Summer 2026", utc(2026, time.January, 1, 5, 0, 0), term.Current},
		{"Winter/Summer 2026", utc(2026, time.September, 1, 3, 59, 59), term.Current},
		{"Winter/Summer 2026", utc(2026, time.September, 1, 4, 0, 0), term.Past},
		{"Fall 2026", utc(2026, time.September, 1, 4, 0, 0), term.Current},
		{"Fall 2026", utc(2027, time.January, 1, 4, 59, 59), term.Current}, // 31 December
		{"Fall 2026", utc(2027, time.January, 1, 5, 0, 0), term.Past},
		{"Fall/Winter 2026-27", utc(2026, time.September, 1, 3, 59, 59), term.Future},
		{"Fall/Winter 2026-27", utc(2027, time.May, 1, 3, 59, 59), term.Current}, // 30 April of the second year
		{"Fall/Winter 2026-27", utc(2027, time.May, 1, 4, 0, 0), term.Past},
	} {
		if got := parse(t, c.term).PositionAt(c.now); got != c.want {
			t.Errorf("%s at %s: %d; want %d", c.term, c.now, got, c.want)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	var got []string
	for tm := parse(t, "Fall 2026"); len(got) < 5; tm = tm.NextTerm() {
		got = append(got, tm.UpperLabel())
	}
	if want := []string{"FALL 2026", "WINTER 2027", "SUMMER 2027", "FALL 2027", "WINTER 2028"}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
	for _, c := range []struct{ in, first, last, next string }{
		{"Fall/Winter 2026-27", "FALL 2026", "WINTER 2027", "SUMMER 2027"},
		{"Winter/Summer 2027", "WINTER 2027", "SUMMER 2027", "FALL 2027"},
		{"Spring 2027", "SUMMER 2027", "SUMMER 2027", "FALL 2027"},
		{"Winter 2027", "WINTER 2027", "WINTER 2027", "SUMMER 2027"},
	} {
		tm := parse(t, c.in)
		if tm.FirstSeason().UpperLabel() != c.first || tm.LastSeason().UpperLabel() != c.last || tm.NextTerm().UpperLabel() != c.next {
			t.Errorf("%s: from %s to %s, then %s", c.in, tm.FirstSeason(), tm.LastSeason(), tm.NextTerm())
		}
	}
}

// Single-season terms cover the calendar: at any time exactly one is current, and the next begins as it ends.
func TestTermsLeaveNoGap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tm := term.Term{
			Year:   rapid.IntRange(term.FirstYear, term.LastYear).Draw(t, "year"),
			Season: rapid.SampledFrom([]term.Season{term.Winter, term.Summer, term.Fall}).Draw(t, "season"),
		}
		if next := tm.NextTerm(); !next.StartTime().Equal(tm.EndTime()) || term.Compare(tm, next) >= 0 {
			t.Fatalf("%s ends %s, %s begins %s", tm, tm.EndTime(), next, next.StartTime())
		}
		if tm.PositionAt(tm.StartTime()) != term.Current || tm.PositionAt(tm.EndTime()) != term.Past || tm.PositionAt(tm.StartTime().Add(-1)) != term.Future {
			t.Fatalf("%s is not between its ends", tm)
		}
	})
}

func TestNoTerm(t *testing.T) {
	t.Parallel()
	var none term.Term
	if !none.IsZero() || !none.NextTerm().IsZero() || none.Season.String() != "" || term.Season(99).String() != "" {
		t.Errorf("%v, then %v", none, none.NextTerm())
	}
}

func FuzzTerm(f *testing.F) {
	for _, s := range []string{"Fall 2026", "FALL/WINTER 2028-29", "winter/summer 2025", "Spring 2024", "Fall 2026-27", "", "\x00 2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := term.Parse(s)
		if err != nil {
			if !got.IsZero() || len(err.Error()) > 400 {
				t.Errorf("%q: %v, %v", s, got, err)
			}
			return
		}
		if got.Year < term.FirstYear || got.Year > term.LastYear || !got.StartTime().Before(got.EndTime()) {
			t.Errorf("%q: %v", s, got)
		}
		if again, err := term.Parse(got.String()); err != nil || again != got {
			t.Errorf("%q: %v, read again %v, %v", s, got, again, err)
		}
		if label, err := term.Parse(got.UpperLabel()); err != nil || label != got.ToCanonical() {
			t.Errorf("%q: label %q is %v, %v", s, got.UpperLabel(), label, err)
		}
	})
}
