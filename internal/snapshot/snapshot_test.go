package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/snapshot"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// store is a store whose contents and errors the test chooses.
type store struct {
	mu      sync.Mutex
	data    catalogue.Data
	version string
	err     error
	loads   int
	onLoad  func()
}

func (s *store) set(f func(*store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *store) LoadEditions(context.Context) ([]catalogue.Data, error) {
	s.mu.Lock()
	onLoad := s.onLoad
	s.mu.Unlock()
	if onLoad != nil {
		onLoad()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return []catalogue.Data{s.data}, s.err
}

func (s *store) CatalogueVersion(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version, s.err
}

// data is the embedded catalogue with another title, which makes it another version.
func data(t *testing.T, title string) catalogue.Data {
	t.Helper()
	d := cataloguetest.EmbeddedData()
	d.Courses[0].Title = title
	return d
}

// isLoaded reports whether h has announced its first catalogue.
func isLoaded(h *snapshot.Holder) bool {
	select {
	case <-h.FirstLoad():
		return true
	default:
		return false
	}
}

func holder(s *store, log *bytes.Buffer) *snapshot.Holder {
	return testenv.Must(snapshot.New(snapshot.Deps{
		Store: s, Clock: time.Now, Interval: time.Minute, Logger: slog.New(slog.NewTextHandler(log, nil)),
	}))
}

func TestTheFirstWhoAskLoadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{data: data(t, "one"), version: "1", onLoad: func() { time.Sleep(time.Second) }} //nolint:forbidigo // the time of a synctest bubble
		h := holder(s, &bytes.Buffer{})
		if isLoaded(h) {
			t.Error("loaded before the first call")
		}
		var all sync.WaitGroup
		got := make([]*catalogue.Catalogue, 8)
		for i := range got {
			all.Go(func() {
				var err error
				if got[i], err = loadLatest(t.Context(), h); err != nil {
					t.Error(err)
				}
			})
		}
		// A caller whose context ends returns at once, and does not delay the others.
		hasty, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := loadLatest(hasty, h); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		all.Wait()
		for _, c := range got {
			if c != got[0] || c == nil {
				t.Fatal("not the same catalogue")
			}
		}
		if s.loads != 1 {
			t.Errorf("%d loads", s.loads)
		}
	})
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{data: data(t, "one"), version: "1"}
		log := &bytes.Buffer{}
		h := holder(s, log)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		current := func() *catalogue.Catalogue {
			t.Helper()
			synctest.Wait()
			c, err := loadLatest(ctx, h)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		one := current()
		time.Sleep(10 * time.Minute) //nolint:forbidigo // the time of a synctest bubble
		if current() != one || s.loads != 1 {
			t.Errorf("the same version was loaded %d times", s.loads)
		}

		s.set(func(s *store) { s.data, s.version = data(t, "two"), "2" })
		time.Sleep(time.Minute) //nolint:forbidigo // the time of a synctest bubble
		two := current()
		if two == one || two.Courses()[0].Title == one.Courses()[0].Title {
			t.Error("a new version is not taken up")
		}

		// After an error the catalogue stays, and the error is logged once.
		s.set(func(s *store) { s.err = fault.New(fault.DatabaseUnavailable) })
		time.Sleep(10 * time.Minute) //nolint:forbidigo // the time of a synctest bubble
		if current() != two {
			t.Error("lost with the store")
		}
		if n := strings.Count(log.String(), "cannot be refreshed"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		s.set(func(s *store) {
			s.err, s.version = nil, "3"
			s.data.Degrees = append([]catalogue.Degree(nil), s.data.Degrees...)
			s.data.Degrees[0].Pools = []string{"no such pool"}
		})
		time.Sleep(time.Minute) //nolint:forbidigo // the time of a synctest bubble
		if current() != two {
			t.Error("a faulty catalogue is taken up")
		}
		s.set(func(s *store) { s.data, s.version = data(t, "four"), "4" })
		time.Sleep(time.Minute) //nolint:forbidigo // the time of a synctest bubble
		if current() == two {
			t.Error("not taken up after the trouble")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Without a catalogue both Run and callers try to load it more often.
func TestAStoreThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{data: data(t, "one"), version: "1", err: fault.New(fault.DatabaseUnavailable)}
		h := holder(s, &bytes.Buffer{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		synctest.Wait()
		if _, err := loadLatest(ctx, h); fault.CodeOf(err) != fault.DatabaseUnavailable {
			t.Errorf("%v", err)
		}
		s.set(func(s *store) { s.err = nil })
		time.Sleep(3 * time.Second) //nolint:forbidigo // the time of a synctest bubble
		synctest.Wait()
		if !isLoaded(h) {
			t.Error("not loaded in the background")
		}
		stop()
		<-ended
	})
}

func TestLoadedWithTheFirstCatalogue(t *testing.T) {
	s := &store{err: fault.New(fault.DatabaseUnavailable)}
	h := holder(s, &bytes.Buffer{})
	if _, err := loadLatest(t.Context(), h); err == nil || isLoaded(h) {
		t.Errorf("an unavailable store: %v, loaded %v", err, isLoaded(h))
	}
	s.set(func(s *store) { s.data, s.version, s.err = data(t, "one"), "1", nil })
	if _, err := loadLatest(t.Context(), h); err != nil || !isLoaded(h) {
		t.Errorf("a store that is back: %v, loaded %v", err, isLoaded(h))
	}
}

// A student of an earlier year is audited by that year's edition while the store has it.
func TestEveryEditionIsHeld(t *testing.T) {
	t.Parallel()
	newest := data(t, "one")
	older := data(t, "older")
	older.Calendar = "2024-25"
	s := &editionStore{newest, older}
	h := testenv.Must(snapshot.New(snapshot.Deps{Store: s, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}))
	editions, err := h.CurrentEditions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := editions.Calendars(), []string{"2024-25", newest.Calendar}; !slices.Equal(got, want) {
		t.Errorf("calendars %q, want %q", got, want)
	}
	latest, err := loadLatest(t.Context(), h)
	if err != nil || latest.Calendar() != newest.Calendar {
		t.Errorf("the current catalogue is %q (%v), want the newest", latest.Calendar(), err)
	}
}

// A worker may be asked for an edition that was imported after it loaded its catalogue: it asks the store at once.
func TestFindEditionsThatWereImported(t *testing.T) {
	t.Parallel()
	own := data(t, "one")
	next := data(t, "next")
	next.Calendar = "2031-32"
	s := &importedStore{editions: []catalogue.Data{own}, version: "1"}
	h := testenv.Must(snapshot.New(snapshot.Deps{Store: s, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}))
	find := func(calendar string, chosen bool) []string {
		t.Helper()
		editions, err := h.FindEditions(t.Context(), calendar, chosen)
		if err != nil {
			t.Fatal(err)
		}
		return editions.Calendars()
	}
	alone := []string{own.Calendar}
	if got := find("2031-32", false); !slices.Equal(got, alone) {
		t.Errorf("before the import: got %q, want %q", got, alone)
	}
	s.editions, s.version = append(s.editions, next), "2"
	for _, c := range []struct {
		calendar string
		chosen   bool
	}{{"", false}, {own.Calendar, true}, {"1999-00", false}} {
		if got := find(c.calendar, c.chosen); !slices.Equal(got, alone) {
			t.Errorf("%q, chosen %v: got %q, want no question to the store", c.calendar, c.chosen, got)
		}
	}
	s.err = fault.New(fault.DatabaseUnavailable)
	if got := find("2031-32", true); !slices.Equal(got, alone) {
		t.Errorf("without the store: got %q, want %q", got, alone)
	}
	s.err = nil
	if got, want := find("2031-32", false), []string{own.Calendar, "2031-32"}; !slices.Equal(got, want) {
		t.Errorf("after the import: got %q, want %q", got, want)
	}
}

// importedStore is a store whose editions and version change.
type importedStore struct {
	editions []catalogue.Data
	version  string
	err      error
}

func (s *importedStore) LoadEditions(context.Context) ([]catalogue.Data, error) {
	return s.editions, s.err
}
func (s *importedStore) CatalogueVersion(context.Context) (string, error) { return s.version, s.err }

type editionStore []catalogue.Data

func (s *editionStore) LoadEditions(context.Context) ([]catalogue.Data, error) { return *s, nil }
func (s *editionStore) CatalogueVersion(context.Context) (string, error)       { return "1", nil }

// loadLatest returns the latest edition.
func loadLatest(ctx context.Context, h *snapshot.Holder) (*catalogue.Catalogue, error) {
	e, err := h.CurrentEditions(ctx)
	if err != nil {
		return nil, err
	}
	return e.Latest(), nil
}
