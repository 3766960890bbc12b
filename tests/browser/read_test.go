package browser_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// What was read is corrected before it is used.
func TestRead(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/#read="+job)
	wantState := func(code, want string) {
		t.Helper()
		var got struct {
			Data struct {
				Courses map[string]struct{ Status struct{ Status, Via string } }
			}
		}
		s.get(t, "/api/timeline/status/"+job+"?view=slim", &got)
		if is := got.Data.Courses[code].Status; is.Status+is.Via != want {
			t.Errorf("%s is %q, want %q", code, is.Status+is.Via, want)
		}
	}
	run(tab, t, "every row", holds(`document.querySelector(".figures").textContent.includes("41 of 41 rows")`),
		holds(`document.querySelectorAll("table.read tbody tr").length === 41`), holds(`document.querySelector("table.read tbody td:nth-child(3)").textContent === "1"`))
	correct := func(row, choice string) chromedp.Action[chromedp.Void] {
		return chromedp.Steps(press(row+" button"), chromedp.WaitVisible(css("dialog")), press(choice),
			press(`dialog button[value="yes"]`), holds(`document.querySelector("dialog") === null`))
	}
	const row = `tr[data-key="COMP 232 1"]`
	run(tab, t, "not completed", press("#show-rows"), correct(row, `dialog label:nth-of-type(2) input`),
		holds(`document.querySelector('`+row+` .state').textContent === "Not completed"`), holds(`document.activeElement.closest("tr")?.dataset.key === "COMP 232 1"`))
	wantState("COMP 232", "incomplete")
	run(tab, t, "exempted", correct(row, `dialog label:nth-of-type(4) input`), holds(`document.querySelector('`+row+` .state').textContent === "Exempted"`))
	wantState("COMP 232", "completedexemption")
	run(tab, t, "a course that was not read", press("#add-course"), chromedp.SendKeys(css("#add-code"), "soen"),
		press(`dialog button[value="yes"]`), holds(`document.getElementById("add-code-wrong").textContent !== ""`),
		chromedp.SetValue(css("#add-code"), "soen287"), press(`dialog button[value="yes"]`), holds(`document.querySelector("dialog") === null`),
		holds(`document.querySelector('tr[data-key="SOEN 287 2"], tr[data-key="SOEN 287 1"]') !== null`))
	wantState("SOEN 287", "completed")
}

// A document of an unknown degree is used with the degree that the person chooses.
func TestReadChooseDegree(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	run(tab, t, "a degree is asked for", clickUpload(document("transcripts/commerce")), chromedp.WaitVisible(css("#degree-form")),
		holds(`document.getElementById("other-degree").options.length > 9`), press("#degree-form button.main"),
		holds(`document.querySelector("#degree-form .wrong").textContent !== ""`))
	run(tab, t, "and the job continues", setValue("other-degree", "BEng in Software Engineering"), press("#degree-form button.main"),
		holds(`!document.getElementById("degree-form") && !document.querySelector(".wait") && document.querySelector("#view h1") !== null`),
		holds(`/^#(job|read)=/.test(location.hash)`))
}

// A document that cannot be read says why, and facts that are no longer kept do not hide the plan.
func TestReadFailed(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	job := real.finishJob(t)
	s, p := startProxy(t, real)
	tab := openBrowser(t, consoleOfFaults...)
	openPage(tab, t, s, "/")
	run(tab, t, "no record", clickUpload(document("hostile/invoice")), holds(`document.getElementById("failure")?.textContent.includes("neither a student record")`),
		holds(`document.activeElement.tagName === "H1"`))
	p.setRule("GET /api/timeline/status/"+job, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("view") == "facts" {
			failWith(http.StatusNotFound, "not_found")(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"done","data":{"courses":{},"semesters":[]}}`))
	})
	run(tab, t, "an hour later", chromedp.Evaluate[chromedp.Void](`location.hash = "#read=`+job+`"`),
		holds(`document.getElementById("view").textContent.includes("an hour only")`), holds(`document.querySelector("#view a.main").getAttribute("href") === "/#job=`+job+`"`))
}
