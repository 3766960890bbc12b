package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/snapshot"
)

// store is a store whose contents and health tests choose.
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

func (s *store) Load(context.Context) (catalogue.Data, error) {
	s.mu.Lock()
	onLoad := s.onLoad
	s.mu.Unlock()
	if onLoad != nil {
		onLoad()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.data, s.err
}

func (s *store) Version(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version, s.err
}

// data is the embedded catalogue with a title of its own: enough for another version.
func data(t *testing.T, title string) catalogue.Data {
	t.Helper()
	d, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	d.Courses[0].Title = title
	return d
}

func holder(s *store, log *bytes.Buffer) *snapshot.Holder {
	return snapshot.New(snapshot.Deps{
		Store: s, Clock: time.Now, Interval: time.Minute, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
}

func TestTheFirstWhoAskLoadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{data: data(t, "one"), version: "1", onLoad: func() { time.Sleep(time.Second) }} //nolint:forbidigo // the time of a synctest bubble
		h := holder(s, &bytes.Buffer{})
		if v, _ := h.Version(); v != "" {
			t.Errorf("version %q of nothing", v)
		}
		var all sync.WaitGroup
		got := make([]*catalogue.Catalogue, 8)
		for i := range got {
			all.Go(func() {
				var err error
				if got[i], err = h.Current(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		// One who cannot wait does not have to, and keeps nobody else from waiting.
		hasty, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := h.Current(hasty); !errors.Is(err, context.DeadlineExceeded) {
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
			c, err := h.Current(ctx)
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

		// Trouble leaves it in place, and is told once.
		s.set(func(s *store) { s.err = fault.New(fault.DatabaseUnavailable) })
		time.Sleep(10 * time.Minute) //nolint:forbidigo // the time of a synctest bubble
		if current() != two {
			t.Error("lost with the store")
		}
		if n := strings.Count(log.String(), "cannot be refreshed"); n != 1 {
			t.Errorf("told %d times", n)
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

// Without a catalogue it is tried more often, by itself and by whoever asks.
func TestAStoreThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{data: data(t, "one"), version: "1", err: fault.New(fault.DatabaseUnavailable)}
		h := holder(s, &bytes.Buffer{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		synctest.Wait()
		if _, err := h.Current(ctx); fault.CodeOf(err) != fault.DatabaseUnavailable {
			t.Errorf("%v", err)
		}
		s.set(func(s *store) { s.err = nil })
		time.Sleep(3 * time.Second) //nolint:forbidigo // the time of a synctest bubble
		synctest.Wait()
		if v, since := h.Version(); v == "" || since.IsZero() {
			t.Error("not loaded by itself")
		}
		stop()
		<-ended
	})
}

func TestLoadedWithTheFirstCatalogue(t *testing.T) {
	s := &store{err: fault.New(fault.DatabaseUnavailable)}
	h := holder(s, &bytes.Buffer{})
	loaded := func() bool {
		select {
		case <-h.Loaded():
			return true
		default:
			return false
		}
	}
	if _, err := h.Current(t.Context()); err == nil || loaded() {
		t.Errorf("a store that is away: %v, loaded %v", err, loaded())
	}
	s.set(func(s *store) { s.data, s.version, s.err = data(t, "one"), "1", nil })
	if _, err := h.Current(t.Context()); err != nil || !loaded() {
		t.Errorf("a store that is back: %v, loaded %v", err, loaded())
	}
}
