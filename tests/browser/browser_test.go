package browser_test

import (
	"context"
	"encoding/json"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

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
	ctx, end := context.WithTimeout(context.Background(), 8*time.Minute)
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	tab, leave := chromedp.NewContext(allocator)
	console, dialogs := chromedp.Console(tab), chromedp.Events(tab, page.JavascriptDialogOpening)
	var watching sync.WaitGroup
	watching.Go(func() {
		for m, err := range console {
			if err != nil {
				return
			}
			// An API without sign-in has no session.
			allowed := append(slices.Clone(allowed), "404 (Not Found)")
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

// holds waits until an expression of the page is true. A page that is replaced meanwhile is asked again.
func holds(expression string) chromedp.Action[chromedp.Void] {
	poll := chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond))
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for {
			_, err := poll(ctx, target)
			if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "Cannot find context") && !strings.Contains(err.Error(), "target navigated") {
				return err
			}
		}
	})
}

// openPage opens an address of the page as the owner of the tests, signed in by a token.
func openPage(tab context.Context, t *testing.T, s system, address string) {
	t.Helper()
	token, err := json.Marshal(ownerToken(t))
	must(t, err)
	run(tab, t, "the page", chromedp.Navigate(s.base+"/docs"), holds(`document.querySelector("details.route") !== null`),
		chromedp.Evaluate[chromedp.Void](`sessionStorage.setItem("trackmydegree.token", `+string(token)+`)`),
		chromedp.Navigate(s.base+address), holds(isShown))
}

// isShown is true once the page shows the view of its address.
const isShown = `document.querySelector("#view h1") !== null && !document.getElementById("main").hasAttribute("aria-busy")`

// setValue chooses an option of a select, or writes into an input, as a person does.
func setValue(id, value string) chromedp.Action[chromedp.Void] {
	return holds(`(() => { const e = document.getElementById("` + id + `"); if (!e) return false; e.value = "` + value +
		`"; if (e.value !== "` + value + `") return false; e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); return true; })()`)
}

// press waits for a button or a field to be there, and presses it: what moves below the pointer cannot make it miss.
func press(selector string) chromedp.Action[chromedp.Void] {
	return holds(`(() => {
		const e = document.querySelector(` + strconv.Quote(selector) + `);
		if (!e || e.disabled || !e.checkVisibility() || document.querySelector("dialog[open]") && !e.closest("dialog")) return false;
		e.focus();
		e.click();
		return true;
	})()`)
}
