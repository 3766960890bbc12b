package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// viewState is something that the page can show, and how a person gets there.
type viewState struct {
	name string
	open func()
}

// consoleOfFaults is what a browser writes about answers that the views are to cope with.
var consoleOfFaults = []string{"Failed to load resource", "net::ERR"}

// document is the path of a document of the tests, such as transcripts/graduate.
func document(name string) string {
	return filepath.Join(testenv.RepoRoot(), "tests", "documents", filepath.FromSlash(name)+".pdf")
}

// viewStates are the states of every view. Those of the plan are in planStates.
func viewStates(tab context.Context, t *testing.T, s system) []viewState {
	t.Helper()
	through, p := startProxy(t, s)
	jobs := map[string]string{}
	for _, name := range []string{"transcripts/soen-coop", "transcripts/hard-rows", "transcripts/commerce", "hostile/invoice"} {
		jobs[name] = s.finishDocument(t, document(name))
	}
	for _, name := range []string{"Plan A", "Co-op, later", strings.Repeat("W", 100)} {
		s.saveJob(t, jobs["transcripts/soen-coop"], name)
		jobs["transcripts/soen-coop"] = s.finishDocument(t, document("transcripts/soen-coop"))
	}
	open := func(address string, steps ...chromedp.Action[chromedp.Void]) func() {
		return func() {
			t.Helper()
			openPage(tab, t, through, address)
			run(tab, t, address, steps...)
		}
	}
	// The page holds back the question whether to leave it.
	wait := func(rule http.HandlerFunc, steps ...chromedp.Action[chromedp.Void]) func() {
		return func() {
			t.Helper()
			openPage(tab, t, through, "/")
			p.setRule("POST /api/timeline/upload", rule)
			run(tab, t, "waiting", append([]chromedp.Action[chromedp.Void]{
				chromedp.SetUploadFiles(css("#file"), []string{transcript()}), press("#upload-form button.main"),
				chromedp.WaitVisible(css("#wait-stop")),
			}, steps...)...)
			p.setRule("POST /api/timeline/upload", nil)
		}
	}
	loaded := holds(`document.getElementById("degree").options.length > 5 && document.querySelectorAll("#view .rows li").length > 2`)
	states := []viewState{
		{"start", open("/", loaded)},
		{"start-faults", open("/", loaded, press("#upload-form button.main"), press("#plan-form button.main"),
			press(".how summary"))},
		{"wait", wait(holdRequests, holds(`!document.querySelector(".wait .hint").hidden`))},
		{"wait-failed", wait(failWith(http.StatusServiceUnavailable, "storage_unavailable"), chromedp.WaitVisible(css("#alert")))},
		{"read", open("/#read=" + jobs["transcripts/soen-coop"])},
		{"read-warnings", open("/#read=" + jobs["transcripts/hard-rows"])},
		{"read-correct", open("/#read="+jobs["transcripts/soen-coop"], press("#show-rows"), press("tbody button"), chromedp.WaitVisible(css("dialog")))},
		{"read-degree", open("/#job="+jobs["transcripts/commerce"], holds(`document.getElementById("other-degree").options.length > 5`))},
		{"read-failed", open("/#job=" + jobs["hostile/invoice"])},
		{"saved", open("/#saved", holds(`document.querySelectorAll("#view .rows li").length > 2`))},
		{"saved-delete", open("/#saved", holds(`document.querySelectorAll("#view .rows li").length > 2`),
			press(".rows li .actions button:last-child"), chromedp.WaitVisible(css("dialog")))},
		{"signin", func() {
			t.Helper()
			run(tab, t, "nobody", chromedp.Navigate(s.base+"/docs"), chromedp.Evaluate[chromedp.Void](`sessionStorage.clear()`),
				chromedp.Navigate(s.base+"/"), chromedp.WaitVisible(css("#token-form")))
		}},
	}
	return append(states, planStates(open, jobs)...)
}

// TestScreens renders every state into the folder of PAGE_SCREENS, for people to look at: make page.
func TestScreens(t *testing.T) {
	folder := os.Getenv("PAGE_SCREENS")
	if folder == "" {
		t.Skip("PAGE_SCREENS names no folder: make page sets it")
	}
	must(t, os.MkdirAll(folder, 0o755))
	s := startSystem(t)
	tab := openBrowser(t, consoleOfFaults...)
	only := os.Getenv("PAGE_STATES")
	for _, state := range viewStates(tab, t, s) {
		if !strings.HasPrefix(state.name, only) {
			continue
		}
		for _, language := range []string{"en", "fr"} {
			run(tab, t, "the language", chromedp.Navigate(s.base+"/docs"))
			through := `localStorage.setItem("trackmydegree.language", "` + language + `")`
			_, err := chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: through})
			must(t, err)
			for _, size := range []struct {
				name          string
				width, height int64
				scheme        string
			}{{"phone", 390, 844, "light"}, {"desktop", 1440, 900, "light"}, {"dark", 1280, 900, "dark"}} {
				if size.name == "dark" && language == "fr" {
					continue
				}
				run(tab, t, "a window", chromedp.EmulateViewport(size.width, size.height), withScheme(size.scheme))
				state.open()
				picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
				must(t, err)
				must(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%s-%s.png", state.name, size.name, language)), bytes.Clone(picture), 0o644))
			}
		}
	}
}
