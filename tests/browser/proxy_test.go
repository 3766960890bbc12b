package browser_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// proxy stands between the browser and the API: it fails, delays and cuts what a test wants, and counts the requests.
type proxy struct {
	server *httptest.Server
	mu     sync.Mutex
	rules  map[string]http.HandlerFunc // by "METHOD /path/prefix"
	cut    bool
	conns  map[net.Conn]bool
	seen   []string // "METHOD /path STATUS", in the order of their ends
}

// startProxy returns the system as the browser sees it through a proxy, and the proxy.
func startProxy(t *testing.T, s system) (system, *proxy) {
	t.Helper()
	target, err := url.Parse(s.base)
	must(t, err)
	p := &proxy{rules: map[string]http.HandlerFunc{}, conns: map[net.Conn]bool{}}
	next := &httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = target.Host },
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &statusRecorder{ResponseWriter: w}
		defer func() { p.note(r, recorder.status) }()
		if rule := p.ruleFor(r); rule != nil {
			rule(recorder, r)
			return
		}
		next.ServeHTTP(recorder, r)
	}))
	p.server.Config.ErrorLog = nil
	p.server.Config.ConnState = p.watchConn
	p.server.Start()
	t.Cleanup(func() {
		p.cutConnections(true)
		p.server.Close()
	})
	return system{base: p.server.URL}, p
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (p *proxy) note(r *http.Request, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r.Method+" "+r.URL.Path+" "+http.StatusText(status))
}

// requests counts the finished requests whose line begins like that: "POST /api/timelines".
func (p *proxy) requests(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, line := range p.seen {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

func (p *proxy) ruleFor(r *http.Request) http.HandlerFunc {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	var keys []string
	for key := range p.rules {
		if strings.HasPrefix(line, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return p.rules[slices.MaxFunc(keys, func(a, b string) int { return len(a) - len(b) })]
}

// setRule makes a handler answer what begins like "METHOD /path"; nil removes the rule.
func (p *proxy) setRule(key string, answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer == nil {
		delete(p.rules, key)
		return
	}
	p.rules[key] = answer
}

// failWith is a rule that answers with a problem.
func failWith(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"type":"about:blank","title":"a fault","status":503,"code":"` + code + `"}`))
	}
}

// holdRequests is a rule that answers nothing until the client gives up, which shows only once the body is read.
func holdRequests(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

func (p *proxy) watchConn(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		if p.cut {
			c.Close()
			return
		}
		p.conns[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(p.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// cutConnections ends every connection, and refuses new ones until it is called with false.
func (p *proxy) cutConnections(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			c.Close()
		}
	}
}
