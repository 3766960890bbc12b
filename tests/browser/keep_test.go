package browser_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// planCapstone plans SOEN 490 in the term after the current one.
func planCapstone() []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.Click(css("#left-SOEN-490")), pickTerm("1"), chromedp.Click(css("#course-move")), isIn("SOEN-490"),
	}
}

// savePlan saves the open plan under a name.
func savePlan(name string) []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.Click(css("#save")), chromedp.WaitVisible(css("#plan-new-name")), setValue("plan-new-name", name), chromedp.Click(css("#name-ok")),
		holds(`document.getElementById("save-state").textContent.startsWith("Saved")`),
	}
}

type savedList struct {
	Timelines []struct {
		ID      string `json:"_id"`
		Name    string `json:"timelineName"`
		Version int64
	}
}

// listSaved returns the saved timelines of the owner.
func (s system) listSaved(t *testing.T) (list savedList) {
	t.Helper()
	s.get(t, "/api/timelines", &list)
	return list
}

// An edit that was not saved is asked about before the plan is left.
func TestUnsavedChanges(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "without an edit nothing is asked", chromedp.Click(css("#nav-new")), chromedp.WaitVisible(css("#upload-form")),
		chromedp.Evaluate[chromedp.Void](`history.back()`), holds(`document.querySelector("#board .term") !== null`), holds(noneLoading))
	run(tab, t, "an edit", planCapstone()...)
	run(tab, t, "leaving asks", chromedp.Click(css("#nav-new")), holds(`document.querySelector("dialog")?.textContent.includes("not saved")`),
		chromedp.Click(css(`dialog button[value=""]`)), holds(`document.getElementById("card-SOEN-490") !== null`))
	run(tab, t, "once saved it does not", savePlan("Plan A")...)
	run(tab, t, "leaving", holds(`document.querySelector("h1").textContent.startsWith("Plan A")`), chromedp.Click(css("#nav-new")), chromedp.WaitVisible(css("#upload-form")))
}

// Changes are saved automatically after the first save, and undone and made again.
func TestUndoAndAutosave(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "an edit, saved", append(planCapstone(), savePlan("Plan A")...)...)
	before := s.listSaved(t).Timelines[0].Version
	run(tab, t, "undo takes it back", chromedp.Click(css("#undo")), holds(`!document.getElementById("card-SOEN-490") && document.getElementById("left-SOEN-490") !== null`),
		holds(`document.getElementById("undo").getAttribute("aria-disabled") === "true" && document.activeElement.id === "undo"`),
		holds(`document.getElementById("save-state").textContent === "Changes not saved yet"`),
		holds(`document.getElementById("save-state").textContent.startsWith("Saved ")`))
	testenv.Eventually(t, "the saved plan is newer", func() bool { return s.listSaved(t).Timelines[0].Version > before })
	run(tab, t, "redo makes it again", chromedp.Click(css("#redo")), holds(`document.getElementById("card-SOEN-490") !== null`))
	run(tab, t, "three moves and back", chromedp.Click(css("#move-SOEN-490")), pickTerm("2"), chromedp.Click(css("#course-move")), isIn("SOEN-490"),
		chromedp.Click(css("#undo")), holds(`document.getElementById("card-SOEN-490").closest(".term").dataset.term !== window.chosen`),
		chromedp.Click(css("#redo")), holds(`document.getElementById("card-SOEN-490").closest(".term").dataset.term === window.chosen`))
}

// Another tab was faster: the newest is shown, and the change can be made again on it.
func TestChangedElsewhere(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishDocument(t, graduateTranscript())
	tab := openPlan(t, s, job, "412 (Precondition Failed)")
	s.edit(t, job, `{"op":"addTerm","term":"FALL 2040"}`)
	run(tab, t, "an edit of the old version", chromedp.Click(css("#left-SOEN-490")), pickTerm("1"), chromedp.Click(css("#course-move")),
		holds(`document.getElementById("plan-notice").textContent.includes("Changed in another tab")`),
		holds(`document.getElementById("term-FALL-2040") !== null && !document.getElementById("card-SOEN-490")`))
	run(tab, t, "made again", chromedp.Click(css("#notice-retry")), holds(`document.getElementById("card-SOEN-490") !== null`),
		holds(`document.getElementById("plan-notice").textContent === ""`))
}

// The saved plan was changed in another tab: the page does not write over it before it is asked to.
func TestReplacedElsewhere(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()), "412 (Precondition Failed)")
	run(tab, t, "a saved plan", savePlan("Plan A")...)
	id := s.listSaved(t).Timelines[0].ID
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.base+"/api/timelines/"+id, strings.NewReader(`{"timelineName":"Theirs"}`))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	var renamed struct{ Version int64 }
	s.send(t, r, &renamed)
	run(tab, t, "an edit is not saved over it", append(planCapstone(), holds(`document.getElementById("plan-notice").textContent.includes("saved plan was changed in another tab")`))...)
	if got := s.listSaved(t).Timelines[0]; got.Name != "Theirs" || got.Version != renamed.Version {
		t.Errorf("got %q at version %d, want it untouched", got.Name, got.Version)
	}
	run(tab, t, "until the student says so", chromedp.Click(css("#notice-retry")), holds(`document.getElementById("save-state").textContent.startsWith("Saved ")`))
	if got := s.listSaved(t).Timelines[0]; got.Version <= renamed.Version {
		t.Errorf("got version %d, want one after %d", got.Version, renamed.Version)
	}
}

// Without a connection an edit is not lost: it can be tried again.
func TestEditWithoutConnection(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "an edit", chromedp.Evaluate[chromedp.Void](`void (window.online = window.fetch, window.fetch = () => Promise.reject(new TypeError("cut")))`),
		chromedp.Click(css("#left-SOEN-490")), pickTerm("1"), chromedp.Click(css("#course-move")),
		holds(`document.getElementById("plan-notice").textContent.includes("server cannot be reached")`), holds(`document.getElementById("left-SOEN-490") !== null`))
	run(tab, t, "tried again", chromedp.Evaluate[chromedp.Void](`void (window.fetch = window.online)`), chromedp.Click(css("#notice-retry")),
		holds(`document.getElementById("card-SOEN-490") !== null && document.getElementById("plan-notice").textContent === ""`))
}

// A plan of which the server has no result any longer is kept in the tab, saved, and edited on.
func TestGoneResult(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishDocument(t, graduateTranscript())
	tab := openPlan(t, s, job)
	run(tab, t, "an edit", planCapstone()...)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.base+"/api/timeline/status/"+job, http.NoBody)
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+ownerToken(t))
	res, err := http.DefaultClient.Do(r)
	must(t, err)
	must(t, res.Body.Close())
	run(tab, t, "the next edit finds it gone", chromedp.Click(css("#move-SOEN-490")), pickTerm("2"), chromedp.Click(css("#course-move")),
		holds(`document.getElementById("save-state").textContent === "Kept only in this tab"`))
	run(tab, t, "saving keeps it", chromedp.Click(css("#notice-save")), chromedp.WaitVisible(css("#plan-new-name")), setValue("plan-new-name", "Rescued"), chromedp.Click(css("#name-ok")),
		holds(`document.getElementById("save-state").textContent.startsWith("Saved")`),
		holds(`document.querySelector("h1").textContent.startsWith("Rescued") && document.getElementById("card-SOEN-490") !== null`))
	if list := s.listSaved(t).Timelines; len(list) != 1 || list[0].Name != "Rescued" {
		t.Errorf("got %v, want the plan that was saved", list)
	}
	run(tab, t, "edits continue", chromedp.Click(css("#move-SOEN-490")), pickTerm("2"), chromedp.Click(css("#course-move")), isIn("SOEN-490"))
}

// A plan that is downloaded can be opened again, and a file that is no plan says so.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()), "422 (Unprocessable Entity)")
	dir := t.TempDir()
	_, err := chromedp.Call(tab, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir})
	must(t, err)
	run(tab, t, "a plan", append(planCapstone(), savePlan("Plan A")...)...)
	read := func(extension, button string) string {
		run(tab, t, "a download", chromedp.Click(css("#more")), chromedp.Click(css("#menu-"+button)), holds(`!document.querySelector("dialog")`))
		var content []byte
		testenv.Eventually(t, "the file "+extension, func() bool {
			found, err := filepath.Glob(filepath.Join(dir, "*."+extension))
			must(t, err)
			if len(found) == 0 {
				return false
			}
			content, err = os.ReadFile(found[0])
			must(t, err)
			return len(content) > 0
		})
		return string(content)
	}
	if sheet := read("csv", "csv"); !strings.Contains(sheet, `"SOEN 490","Capstone Software Engineering Design Project","6","Planned","Software Engineering Core"`) {
		t.Errorf("the sheet lacks the capstone:\n%s", sheet)
	}
	if calendar := read("ics", "calendar"); !strings.Contains(calendar, "SUMMARY:") || !strings.Contains(calendar, "SOEN 490") || strings.Contains(strings.ReplaceAll(calendar, "\r\n", ""), "\n") {
		t.Errorf("the calendar lacks the capstone, or has lines that end in LF:\n%s", calendar)
	}
	if plan := read("json", "json"); !strings.Contains(plan, `"degreeId": "BEng in Software Engineering"`) {
		t.Errorf("the file is no plan:\n%s", plan)
	}
	wrong := filepath.Join(dir, "wrong.txt")
	must(t, os.WriteFile(wrong, []byte(`{"degreeId":"BEng in Software Engineering","semesters":[{"term":"Someday","courses":[]}]}`), 0o600))
	found, err := filepath.Glob(filepath.Join(dir, "*.json"))
	must(t, err)
	run(tab, t, "a wrong file", chromedp.Click(css("#more")), chromedp.SetUploadFiles(css("#import-file"), []string{wrong}),
		holds(`document.querySelector("dialog .wrong").textContent.includes("semesters/0/term")`))
	run(tab, t, "the file of the plan", chromedp.SetUploadFiles(css("#import-file"), found), holds(`!document.querySelector("dialog")`),
		holds(`document.getElementById("card-SOEN-490") !== null && document.getElementById("save-state").textContent === "Saved"`))
	if list := s.listSaved(t).Timelines; len(list) != 2 || list[0].Name != list[1].Name {
		t.Errorf("got %v, want two plans of one name", list)
	}
}
