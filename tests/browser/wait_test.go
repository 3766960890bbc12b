package browser_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Stop ends the sending from the first byte on, and never deletes another job.
func TestStop(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	earlier := real.finishJob(t)
	s, p := startProxy(t, real)
	tab := openBrowser(t, consoleOfFaults...)
	openPage(tab, t, s, "/#job="+earlier)
	p.setRule("POST /api/timeline/upload", holdRequests)
	run(tab, t, "stop while it is sent", press("#nav-new"), clickUpload(transcript()), chromedp.WaitVisible(css("#wait-stop")),
		press("#wait-stop"), chromedp.WaitVisible(css("#upload-form")), holds(`location.hash === ""`))
	p.setRule("POST /api/timeline/upload", nil)
	if n := p.requests("DELETE "); n != 0 {
		t.Errorf("%d jobs were deleted, want none", n)
	}
	var job struct{ Status string }
	real.get(t, "/api/timeline/status/"+earlier+"?result=false", &job)
	if job.Status != "done" {
		t.Errorf("the earlier job is %q, want done", job.Status)
	}

	p.setRule("GET /api/timeline/status/", holdEvents)
	run(tab, t, "stop while it is built", clickUpload(transcript()), holds(`location.hash.startsWith("#job=")`), chromedp.WaitVisible(css("#wait-stop")))
	stopped := jobOf(tab, t)
	run(tab, t, "stopping", press("#wait-stop"), chromedp.WaitVisible(css("#upload-form")), holds(`location.hash === ""`))
	testenv.Eventually(t, "the job that was waited for is deleted, once", func() bool { return p.requests("DELETE /api/timeline/status/"+stopped) == 1 })
}

// holdEvents is a rule for the streams of jobs: the job is worked on, for ever.
func holdEvents(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/events") {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "id: 1\nevent: state\ndata: {\"status\":\"processing\"}\n\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// A connection that is cut while the page waits is announced, and waiting continues.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	s, p := startProxy(t, startSystem(t))
	tab := openBrowser(t, consoleOfFaults...)
	openPage(tab, t, s, "/")
	p.setRule("GET /api/timeline/status/", holdEvents)
	run(tab, t, "waiting", clickUpload(transcript()), holds(`document.getElementById("wait-state")?.textContent === "Reading and building"`))
	p.cutConnections(true)
	run(tab, t, "lost", holds(`document.getElementById("wait-state")?.textContent === "No connection, trying again"`))
	p.setRule("GET /api/timeline/status/", nil)
	p.cutConnections(false)
	run(tab, t, "and back", holds(`!document.querySelector(".wait")`), holds(isShown), holds(`/^#(job|read)=/.test(location.hash)`))
}

// An upload that is cut, or refused for the moment, is sent again on demand, and makes one job.
func TestUploadAgain(t *testing.T) {
	t.Parallel()
	s, p := startProxy(t, startSystem(t))
	tab := openBrowser(t, consoleOfFaults...)
	openPage(tab, t, s, "/")
	var mu sync.Mutex
	keys := map[string]bool{}
	remember := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			keys[r.Header.Get("Idempotency-Key")] = true
			mu.Unlock()
			_, _ = io.Copy(io.Discard, r.Body)
			next(w, r)
		}
	}
	p.setRule("POST /api/timeline/upload", remember(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	run(tab, t, "cut", clickUpload(transcript()), chromedp.WaitVisible(css("#alert")), holds(`document.getElementById("alert").textContent.includes("cut off")`))
	p.setRule("POST /api/timeline/upload", remember(failWith(http.StatusServiceUnavailable, "draining")))
	run(tab, t, "refused", press("#alert button:last-child"), holds(`document.getElementById("alert").textContent.includes("maintained")`))
	p.setRule("POST /api/timeline/upload", nil)
	run(tab, t, "sent", press("#alert button:last-child"), holds(`/^#(job|read)=/.test(location.hash) && !document.querySelector(".wait")`), holds(isShown))
	mu.Lock()
	defer mu.Unlock()
	if len(keys) != 1 {
		t.Errorf("the tries had %d keys, want one", len(keys))
	}
}

// A slow network is said after a minute without progress, and waiting continues when the person wants it.
func TestSlowNetwork(t *testing.T) {
	t.Parallel()
	s, p := startProxy(t, startSystem(t))
	tab := openBrowser(t, consoleOfFaults...)
	hasten(tab, t, "60")
	openPage(tab, t, s, "/")
	p.setRule("POST /api/timeline/upload", holdRequests)
	run(tab, t, "slow", clickUpload(transcript()), holds(`document.querySelector(".wait .hint") !== null && !document.querySelector(".wait .hint").hidden`),
		chromedp.WaitVisible(css(".wait .notice")), press(".wait .notice button"), holds(`document.querySelector(".wait .notice").hidden`),
		chromedp.WaitVisible(css("#wait-stop")), press("#wait-stop"), chromedp.WaitVisible(css("#upload-form")))
}

// hasten makes the page's long timers so many times as fast.
func hasten(tab context.Context, t *testing.T, times string) {
	t.Helper()
	_, err := chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `const usual = window.setTimeout; window.setTimeout = (f, ms, ...rest) => usual(f, ms >= 3000 ? ms / ` + times + ` : ms, ...rest);`,
	})
	must(t, err)
}
