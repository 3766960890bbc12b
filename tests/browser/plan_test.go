package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// graduateTranscript is the path of the record of a student who lacks the capstone alone.
func graduateTranscript() string {
	return filepath.Join(testenv.RepoRoot(), "tests", "documents", "transcripts", "graduate.pdf")
}

// edit applies changes to a job, as another tab does.
func (s system) edit(t *testing.T, job, changes string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.base+"/api/timeline/status/"+job, bytes.NewBufferString(`{"changes":[`+changes+`]}`))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Prefer", "return=minimal")
	var answer json.RawMessage
	s.send(t, r, &answer)
}

// openPlan opens the plan of a job that is done.
func openPlan(t *testing.T, s system, job string, allowed ...string) context.Context {
	t.Helper()
	tab := openBrowser(t, allowed...)
	openPage(tab, t, s, "/#job="+job)
	run(tab, t, "the plan", holds(`document.querySelector("#board .term") !== null`), holds(noneLoading))
	return tab
}

const noneLoading = `!document.getElementById("left-pools").textContent.includes("Loading")`

// pickTerm checks the n-th term of the open dialog, 0 for the current one, and remembers it.
func pickTerm(n string) chromedp.Action[chromedp.Void] {
	return holds(`(() => { const r = document.querySelectorAll("dialog input[name=term]")[` + n + `]; if (!r) return false; r.click(); window.chosen = r.value; return r.checked; })()`)
}

// isIn is true once a course has a card in the remembered term, and the focus is on it.
func isIn(name string) chromedp.Action[chromedp.Void] {
	return holds(`document.getElementById("card-` + name + `")?.closest(".term").dataset.term === window.chosen && document.activeElement.id === "move-` + name + `"`)
}

// A course that was failed is repeated in a term to come, although the transcript prints none.
func TestRepeat(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	s.edit(t, job, `{"op":"markCourse","course":"COMP 352","as":"incomplete","term":"SUMMER 2022"}`)
	tab := openPlan(t, s, job)
	run(tab, t, "the repeat comes first", holds(`document.querySelector("#left-repeats li").textContent.includes("Repeat COMP 352")`))
	run(tab, t, "planning it", chromedp.Click(css("#left-COMP-352")), chromedp.WaitVisible(css("dialog")),
		holds(`[...document.querySelectorAll("dialog input[name=term]")].length >= 4`),
		holds(`[...document.querySelectorAll("dialog input[name=term]")].every((r) => Number(r.value.split(" ")[1]) >= `+firstYear()+`)`),
		holds(`document.querySelector("dialog input[name=term]:checked") !== null && !document.querySelector("dialog input[name=term]").checked`), // the current term is under way
		pickTerm("2"), chromedp.Click(css("#course-move")), isIn("COMP-352"))
	run(tab, t, "it is said", holds(`document.getElementById("announcement").textContent.includes("COMP 352 is in ")`),
		holds(`document.getElementById("left-repeats").textContent === ""`))
	run(tab, t, "a reload shows it", chromedp.Reload(), holds(`document.getElementById("card-COMP-352") !== null`))
}

// Who lacks the capstone alone sees one row: either of two courses.
func TestGraduate(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "one row", holds(`document.querySelectorAll("#left .left-pool").length === 1`),
		holds(`[...document.querySelectorAll("#left-pools .left-row strong")].map((e) => e.textContent).join() === "SOEN 490 or ENGR 490"`))
	run(tab, t, "planning one leaves nothing", chromedp.Click(css("#left-SOEN-490")), pickTerm("1"), chromedp.Click(css("#course-move")), isIn("SOEN-490"),
		chromedp.WaitVisible(css("#left-done")), holds(`document.querySelectorAll("#left .left-row").length === 0 || document.getElementById("marked").open === false`))
	run(tab, t, "what does not count says why", chromedp.Click(css("#uncounted summary")),
		holds(`/ENGR 391.*no requirement of this degree lists it/.test(document.getElementById("uncounted").textContent)`),
		holds(`/COMP 442.*what lists it is full/.test(document.getElementById("uncounted").textContent)`))
	run(tab, t, "the end is named", holds(`/^As planned, you are done after (Winter|Summer|Fall) 20/.test(document.getElementById("graduation").textContent)`))
}

// Everything goes by keyboard, the focus stays on the course, and an arrow key changes nothing.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "plan", watchEdits, chromedp.Focus(css("#left-ENGR-490")), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(css("dialog")),
		holds(`document.activeElement.name === "term"`), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown),
		holds(`(window.chosen = document.activeElement.value) && document.activeElement.checked && window.edits === 0`),
		chromedp.KeyEvent(kb.Enter), isIn("ENGR-490"), holds(`window.edits === 1`))
	run(tab, t, "move", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(css("dialog")), holds(`document.activeElement.value === window.chosen`),
		chromedp.KeyEvent(kb.ArrowUp), holds(`(window.chosen = document.activeElement.value) && window.edits === 1`), chromedp.KeyEvent(kb.Enter), isIn("ENGR-490"),
		holds(`window.edits === 2`))
	run(tab, t, "Escape leaves it", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(css("dialog")), chromedp.KeyEvent(kb.Escape),
		holds(`!document.querySelector("dialog") && document.activeElement.id === "move-ENGR-490"`))
	run(tab, t, "remove", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(css("dialog")), chromedp.Focus(css("#to-none")), chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Enter),
		holds(`!document.getElementById("card-ENGR-490") && document.activeElement.id === "left-ENGR-490"`), holds(`window.edits === 3`))
}

// watchEdits counts the edits that the page sends.
var watchEdits = chromedp.Evaluate[chromedp.Void](`void (window.edits = 0, window.fetch = ((real) => (path, options) => {
	if (options?.method === "PATCH") window.edits++;
	return real(path, options);
})(window.fetch))`)

// What a student put into the current term can be taken out again.
func TestCurrentTerm(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "into the current term", chromedp.Click(css("#left-SOEN-490")), pickTerm("0"), chromedp.Click(css("#course-move")), isIn("SOEN-490"),
		holds(`document.querySelector(".is-now #card-SOEN-490 .state").textContent === "Taking now"`))
	run(tab, t, "and out of it", chromedp.Click(css("#move-SOEN-490")), chromedp.Click(css("#to-none")), chromedp.Click(css("#course-move")),
		holds(`!document.getElementById("card-SOEN-490") && document.getElementById("left-SOEN-490") !== null`))
}
