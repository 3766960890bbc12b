package browser_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// failDocument uploads a document that cannot be read, waits until its job has failed and returns the job.
func (s system) failDocument(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pdf")
	must(t, os.WriteFile(path, []byte("%PDF-1.4\n"+strings.Repeat("no document ", 100)+"\n%%EOF\n"), 0o600))
	return s.finishDocument(t, path)
}

// openAdmin opens the page of operators with the roles of a token.
func openAdmin(tab context.Context, t *testing.T, s system, roles ...string) {
	t.Helper()
	run(tab, t, "the page", chromedp.Navigate(s.base+"/docs"), holds(`document.querySelector("details.route") !== null`),
		chromedp.Evaluate[chromedp.Void](`sessionStorage.setItem("trackmydegree.token", `+strconv.Quote(tokenOf(t, "opal", roles...))+`)`),
		chromedp.Navigate(s.base+"/admin"), holds(`!document.getElementById("main").hasAttribute("aria-busy")`))
}

// says holds while the page contains a text.
func says(text string) chromedp.Action[chromedp.Void] {
	return holds(`document.body.innerText.includes(` + strconv.Quote(text) + `)`)
}

// pressLabelled presses the button with a text or a label.
func pressLabelled(label string) chromedp.Action[chromedp.Void] {
	return holds(`(() => {
		const b = [...document.querySelectorAll("button")].find((b) => b.textContent === ` + strconv.Quote(label) + ` || b.getAttribute("aria-label") === ` + strconv.Quote(label) + `);
		b?.click();
		return Boolean(b);
	})()`)
}

func TestAdminPage(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	failed := s.failDocument(t)
	tab := openBrowser(t, consoleOfFaults...)

	openAdmin(tab, t, s, "admin")
	run(tab, t, "queues, workers and the dead job", says("courseProcessor-high"), says("1 dead jobs"), says(failed), says("corrupt"),
		holds(`document.querySelectorAll("#workers tr").length === 1`))
	checkAxe(tab, t, "the page of operators")
	run(tab, t, "a dry run", pressLabelled("Retry: dry run"), says("Would be retried: 0. Would be refused: 1."), says("upload it once more"))
	run(tab, t, "a bulk retry", pressLabelled("Retry all that match"), says("Retried: 0. Refused: 1."), holds(`document.querySelectorAll("#trail tr").length === 1`))
	run(tab, t, "a pause and its end", pressLabelled("pause courseProcessor-low"), says("paused"), pressLabelled("resume courseProcessor-low"),
		holds(`!document.getElementById("queues").innerText.includes("paused")`))
	run(tab, t, "the timeline of the job", press(`#jobs a`), holds(`["accepted", "queued", "claimed", "started", "failed"].every((e, i) =>
		document.querySelectorAll("#life tr")[i]?.querySelector("th").textContent === e)`), says("Owner"))
	checkAxe(tab, t, "the timeline of a job")
	run(tab, t, "a deletion", pressLabelled("Delete"), press(`dialog button[value="yes"]`), says("The job is deleted."),
		holds(`document.querySelectorAll("#jobs tr").length === 0`), says("opal"))
}

// A viewer sees everything, and no buttons that change something.
func TestAdminPageOfAViewer(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	failed := s.failDocument(t)
	tab := openBrowser(t, consoleOfFaults...)

	openAdmin(tab, t, s, "viewer")
	run(tab, t, "queues, workers and the dead job", says("courseProcessor-high"), says("1 dead jobs"), press(`#jobs a`), says("Job "+failed),
		holds(`document.querySelectorAll("#life tr").length >= 5`))
	labels, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll("button")].filter((b) => b.checkVisibility()).map((b) => b.textContent)`))
	if err != nil || strings.Join(labels, ",") != "Show" {
		t.Errorf("buttons: got %q, %v, want only that of the list", labels, err)
	}
	checkAxe(tab, t, "the page of a viewer")
}

// Others learn which role they lack, and see nothing.
func TestAdminPageOfAStudent(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t, consoleOfFaults...)
	openAdmin(tab, t, s)
	run(tab, t, "the refusal", says("neither the role admin nor the role viewer"), holds(`document.getElementById("queues") === null`))
	checkAxe(tab, t, "the refusal")
}
