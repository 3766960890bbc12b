package browser_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// openBrowser opens a real browser without a window. An error or a warning on its console fails the test, unless it
// is allowed.
func openBrowser(t *testing.T, allowed ...string) context.Context {
	t.Helper()
	bin, err := exec.LookPath("chromium")
	if err != nil {
		testenv.SkipMissing(t, "chromium", "apt-get install chromium, or make deps")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true), chromedp.NoFirstRun,
		chromedp.WindowSize(1280, 900))
	ctx, end := context.WithTimeout(context.Background(), 2*time.Minute)
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	tab, leave := chromedp.NewContext(allocator)
	console, dialogs := chromedp.Console(tab), chromedp.Events(tab, page.JavascriptDialogOpening)
	var watching sync.WaitGroup
	watching.Go(func() {
		for m, err := range console {
			if err != nil {
				return
			}
			bad := m.IsException() || m.Type == "error" || m.Type == "warning"
			if bad && !slices.ContainsFunc(allowed, func(a string) bool { return strings.Contains(m.Text, a) }) {
				t.Errorf("the console: %s", m)
			}
		}
	})
	watching.Go(func() {
		for _, err := range dialogs {
			if err != nil {
				return
			}
			_, _ = chromedp.Call(tab, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	})
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab) // waits for the process
		leave()
		stop()
		end()
		watching.Wait()
	})
	return tab
}

type css = chromedp.CSS

// run runs steps and names the failed one.
func run(tab context.Context, t *testing.T, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		text, _ := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.innerText`))
		t.Fatalf("%s: %v\nthe page says:\n%s", what, err, text)
	}
}

// holds waits until an expression of the page is true.
func holds(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond))
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t, "401 (Unauthorized)", "415 (Unsupported Media Type)")

	run(tab, t, "a token is asked for", chromedp.Navigate(s.base+"/"), chromedp.WaitVisible(css("#token-form")),
		holds(`document.activeElement.id === "token"`),
		chromedp.SendKeys(css("#token"), "not a token"+kb.Enter), holds(`document.getElementById("token").value === ""`),
		chromedp.WaitVisible(css("#token-form")))
	run(tab, t, "a good token is taken", chromedp.SendKeys(css("#token"), ownerToken(t)+kb.Enter), chromedp.WaitVisible(css("#start")))

	run(tab, t, "a plan from the form",
		chromedp.SetValue(css("#degree"), "BEng in Software Engineering"), chromedp.SetValue(css("#year"), firstYear()),
		chromedp.Click(css(`input[name="isCoop"]`)), chromedp.Click(css("#plan-form button")), chromedp.WaitVisible(css("#result-title")),
		holds(`document.activeElement.id === "result-title"`),
		holds(`document.querySelectorAll(".term").length === 10`),
		holds(`document.querySelector(".term h3").textContent === "FALL `+firstYear()+`"`),
		holds(`document.querySelectorAll(".requirement").length >= 8`),
		holds(`document.getElementById("result").textContent.includes("Co-op")`),
		holds(`/Calendar 20\d\d-\d\d/.test(document.getElementById("result").textContent)`))

	run(tab, t, "a search among the remaining courses", chromedp.SendKeys(css("#remaining-search"), "comp 249"),
		holds(`document.querySelectorAll("#remaining-list li").length === 1`),
		holds(`document.getElementById("remaining-count").textContent === "1 course"`))
	run(tab, t, "planning a course", chromedp.SetValue(css("#remaining-list select"), "WINTER "+nextYear()),
		holds(`[...document.querySelectorAll(".card.is-planned")].some((c) => c.textContent.includes("COMP 249") && c.textContent.includes("Planned"))`))

	run(tab, t, "taking it out and planning it again", chromedp.Click(css(".card.is-planned button")),
		holds(`document.querySelectorAll(".card").length === 0`),
		chromedp.SendKeys(css("#remaining-search"), "comp 249"), chromedp.SetValue(css("#remaining-list select"), "SUMMER "+nextYear()),
		holds(`document.querySelector(".card.is-planned")?.closest(".term").textContent.startsWith("SUMMER `+nextYear()+`")`))

	run(tab, t, "saving", chromedp.SetValue(css("#timeline-name"), "Plan <b>A</b>"), chromedp.Click(css("#save-form button")),
		holds(`document.querySelector("#announcement")?.textContent.includes("Saved as")`))
	run(tab, t, "starting again", chromedp.Click(css("#restart")), chromedp.WaitVisible(css("#start")),
		holds(`document.querySelectorAll("#saved-list li").length === 1`),
		holds(`document.querySelector("#saved-list strong").textContent === "Plan <b>A</b>"`))
	run(tab, t, "opening what was saved", chromedp.Click(css("#saved-list button")), chromedp.WaitVisible(css("#result-title")),
		holds(`document.querySelector(".card.is-planned")?.textContent.includes("COMP 249")`))
	run(tab, t, "deleting it", chromedp.Click(css("#restart")), chromedp.WaitVisible(css("#start")),
		chromedp.Click(css(`#saved-list button[aria-label^="Delete"]`)),
		holds(`document.querySelectorAll("#saved-list li").length === 0`), chromedp.WaitVisible(css("#saved-empty")))

	run(tab, t, "a document", chromedp.SetUploadFiles(css("#file"), []string{transcript()}), chromedp.Click(css("#upload-form button")),
		chromedp.WaitVisible(css("#result-title")), holds(`document.querySelectorAll(".card.is-completed").length > 10`))
	run(tab, t, "a reload shows the same result", chromedp.Reload(), chromedp.WaitVisible(css("#result-title")))
	run(tab, t, "forgetting", chromedp.Click(css("#forget")), chromedp.WaitVisible(css("#start")))

	wrong := filepath.Join(t.TempDir(), "picture.pdf")
	must(t, os.WriteFile(wrong, []byte("GIF89a"), 0o600))
	run(tab, t, "a file that is no PDF", chromedp.SetUploadFiles(css("#file"), []string{wrong}), chromedp.Click(css("#upload-form button")),
		chromedp.WaitVisible(css("#alert")), holds(`document.getElementById("alert").textContent.includes("not a PDF")`),
		holds(`document.activeElement.id === "alert"`), chromedp.WaitVisible(css("#start")))
}

// The page supports narrow screens, keyboards and screen readers.
func TestPageIsForEverybody(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	id := s.finishJob(t)
	tab := openBrowser(t, "401 (Unauthorized)")
	good, err := json.Marshal(ownerToken(t))
	must(t, err)
	run(tab, t, "a result", chromedp.Navigate(s.base+"/"), chromedp.WaitVisible(css("#token-form")),
		chromedp.Evaluate[chromedp.Void](`sessionStorage.setItem("trackmydegree.token", `+string(good)+`)`),
		chromedp.Navigate(s.base+"/#"+id), chromedp.Reload(), chromedp.WaitVisible(css("#result-title")))
	for _, width := range []int64{320, 768, 1280} {
		run(tab, t, "no sideways scrolling", chromedp.EmulateViewport(width, 800),
			holds(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`))
	}
	run(tab, t, "names", holds(`[...document.querySelectorAll("input, select, progress")].every((e) => e.labels?.length > 0 || e.ariaLabel || e.getAttribute("aria-labelledby"))`),
		holds(`[...document.querySelectorAll("button")].every((b) => b.textContent.trim() || b.ariaLabel)`),
		holds(`document.documentElement.lang === "en" && document.querySelectorAll("h1").length === 1`),
		holds(`[...document.querySelectorAll(".card")].every((c) => c.querySelector(".state").textContent.trim())`))
	run(tab, t, "the keyboard reaches it", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), chromedp.Navigate(s.base+"/"), chromedp.WaitVisible(css("#start")),
		chromedp.KeyEvent(kb.Tab), holds(`document.activeElement.className === "skip"`),
		chromedp.Focus(css("#year")), chromedp.SetValue(css("#year"), firstYear()), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(css("#result-title")),
		chromedp.Focus(css("#terms")), holds(`document.activeElement.id === "terms"`),
		chromedp.Focus(css(".requirement summary")), chromedp.KeyEvent(" "), holds(`document.querySelector(".requirement").open`))
}

func TestDocsPage(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	operations := countOperations(t, s)
	tab := openBrowser(t)
	run(tab, t, "every operation", chromedp.Navigate(s.base+"/docs"), holds(`!document.querySelector("main").hasAttribute("aria-busy")`),
		holds(`document.getElementById("shape-Timeline").textContent.includes("semesters")`))
	shown, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelectorAll("details.route").length`))
	if err != nil || shown != operations {
		t.Errorf("the page shows %d operations (%v), want %d", shown, err, operations)
	}
}
