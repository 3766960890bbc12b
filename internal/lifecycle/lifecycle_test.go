package lifecycle_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// diary records events and their times.
type diary struct {
	mu     sync.Mutex
	began  time.Time
	events []string
}

func (d *diary) write(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, time.Since(d.began).String()+" "+what)
}

func newGroup() *lifecycle.Group {
	return &lifecycle.Group{
		Log: slog.New(slog.DiscardHandler), Gate: &lifecycle.Gate{}, Grace: 20 * time.Second, Delay: 3 * time.Second,
	}
}

// takes returns a component that needs some time to finish after it was stopped.
func takes(d *diary, name string, needs time.Duration) (string, func(context.Context) error) {
	return name, func(ctx context.Context) error {
		<-ctx.Done()
		d.write(name + " stops")
		<-time.After(needs)
		d.write(name + " has ended")
		return ctx.Err()
	}
}

func TestTheEndHasAnOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{began: time.Now()}
		g := newGroup()
		g.AddComponent(takes(d, "database", time.Second))
		g.AddComponent(takes(d, "queue", 5*time.Second))
		g.AddComponent(takes(d, "listener", 2*time.Second))
		ctx, signal := context.WithCancel(t.Context())
		ended := make(chan error)
		if g.Gate.IsReady() {
			t.Error("ready before the start")
		}
		go func() { ended <- g.Run(ctx) }()
		synctest.Wait()
		if !g.Gate.IsReady() {
			t.Error("not ready after the start")
		}
		signal()
		synctest.Wait()
		if g.Gate.IsReady() {
			t.Error("ready while draining")
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := []string{
			"3s listener stops", "5s listener has ended",
			"5s queue stops", "10s queue has ended",
			"10s database stops", "11s database has ended",
		}
		if diff := cmp.Diff(want, d.events); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAFailureEndsTheOthersAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{began: time.Now()}
		broken := errors.New("port is taken")
		g := newGroup()
		g.AddComponent(takes(d, "queue", time.Second))
		g.AddComponent("server", func(context.Context) error { <-time.After(time.Minute); return broken })
		err := g.Run(t.Context())
		if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "server: ") {
			t.Errorf("the failure is %v", err)
		}
		if diff := cmp.Diff([]string{"1m0s queue stops", "1m1s queue has ended"}, d.events); diff != "" {
			t.Error(diff)
		}
		if g.Gate.IsReady() {
			t.Error("ready after the end")
		}
	})
}

func TestTheGraceIsNotExceeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{began: time.Now()}
		g := newGroup()
		g.AddComponent(takes(d, "clock", 0))
		g.AddComponent(takes(d, "queue", time.Hour))
		g.AddComponent(takes(d, "listener", 0))
		ctx, signal := context.WithCancel(t.Context())
		signal()
		err := g.Run(ctx)
		if !errors.Is(err, lifecycle.ErrGrace) || err.Error() != "clock, queue: did not end within the grace of 20s" {
			t.Errorf("%v", err)
		}
		if took := time.Since(d.began); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
		<-time.After(2 * time.Hour) // let the slow one end
	})
}

func TestADelayBeyondTheGraceEndsWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		g.Delay = time.Hour
		g.AddComponent("listener", func(ctx context.Context) error { <-ctx.Done(); return nil })
		ctx, signal := context.WithCancel(t.Context())
		signal()
		if err := g.Run(ctx); !errors.Is(err, lifecycle.ErrGrace) {
			t.Errorf("%v", err)
		}
		synctest.Wait()
	})
}

func TestAComponentMayBeDoneEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		g.AddComponent("migration", func(context.Context) error { return nil })
		g.AddComponent("warm-up", func(context.Context) error { <-time.After(time.Second); return nil })
		if err := g.Run(t.Context()); err != nil {
			t.Error(err)
		}
		if g.Gate.IsReady() {
			t.Error("ready after the end")
		}
	})
}

// A started request is answered after the listener is closed; one that never ends is aborted.
func TestServe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		drain time.Duration
		ends  bool
	}{{"requests end", time.Minute, true}, {"requests hang", 10 * time.Millisecond, false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			inside, release := make(chan struct{}), make(chan struct{})
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(inside)
				select {
				case <-release:
					io.WriteString(w, "done")
				case <-r.Context().Done():
				case <-time.After(30 * time.Second):
					t.Error("a request that hangs was not cut off")
				}
			})}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- lifecycle.RunServer(server, l, tt.drain)(ctx) }()
			answer := make(chan string, 1)
			go func() {
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				resp, err := client.Get("http://" + l.Addr().String())
				if err != nil {
					answer <- ""
					return
				}
				defer resp.Body.Close()
				b, _ := io.ReadAll(resp.Body)
				answer <- string(b)
			}()
			<-inside
			stop()
			if tt.ends {
				close(release)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			want := map[bool]string{true: "done", false: ""}[tt.ends]
			if got := <-answer; got != want {
				t.Errorf("answered %q, want %q", got, want)
			}
			if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
				c.Close()
				t.Error("the listener is still open")
			}
		})
	}
}

func TestServeTellsThatItCannot(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := lifecycle.RunServer(&http.Server{}, l, time.Second)(t.Context()); err == nil {
		t.Error("a closed listener is served")
	}
}
