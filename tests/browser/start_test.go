package browser_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// clickUpload chooses files and sends them.
func clickUpload(files ...string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.WaitVisible(css("#upload-form")), chromedp.SetUploadFiles(css("#file"), files), press("#upload-form button.main"))
}

// isPlan is true once the page shows the plan of a job.
const isPlan = `location.hash.startsWith("#job=") && document.querySelector("#view h1") !== null &&
	!document.querySelector(".wait") && !document.getElementById("main").hasAttribute("aria-busy")`

func TestStart(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	run(tab, t, "the degrees, none of them chosen", holds(`document.getElementById("degree").options.length > 9`),
		holds(`document.getElementById("degree").value === ""`), holds(`/Covers \d+ degrees/.test(document.getElementById("covers").textContent)`))
	run(tab, t, "four years, and five with co-op", setValue("first-season", "Fall"), setValue("first-year", firstYear()),
		holds(`document.getElementById("last-season").value === "Winter" && Number(document.getElementById("last-year").value) === `+firstYear()+` + 4`),
		press(`input[name="isCoop"]`), holds(`Number(document.getElementById("last-year").value) === `+firstYear()+` + 5`))
	run(tab, t, "a degree is needed", press("#plan-form button.main"), holds(`document.activeElement.id === "degree"`),
		holds(`document.getElementById("degree-wrong").textContent !== ""`))
	run(tab, t, "an arrow key chooses, and sends nothing", chromedp.KeyEvent(kb.ArrowDown), holds(`document.getElementById("degree").value !== ""`),
		holds(`location.hash === ""`))
	run(tab, t, "a plan from the form", setValue("degree", "BEng in Software Engineering"), press("#plan-form button.main"), holds(isPlan))
	run(tab, t, "a reload shows the same plan", chromedp.Reload(), holds(isPlan))
}

// A file that cannot be read is not sent.
func TestStartFiles(t *testing.T) {
	t.Parallel()
	s, p := startProxy(t, startSystem(t))
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	folder := t.TempDir()
	for _, tt := range []struct {
		name, content, want string
		size                int
	}{
		{name: "picture", content: "GIF89a", want: "not a PDF"},
		{name: "empty", want: "empty"},
		{name: "large", content: "%PDF-1.7", size: 11 << 20, want: "larger than 10 MiB"},
	} {
		file := filepath.Join(folder, tt.name+".pdf")
		must(t, os.WriteFile(file, append([]byte(tt.content), make([]byte, tt.size)...), 0o600))
		run(tab, t, tt.name, clickUpload(file), holds(`document.getElementById("file-wrong").textContent.includes("`+tt.want+`")`),
			holds(`document.activeElement.id === "file"`))
	}
	drop := func(target string, names int) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
			const data = new DataTransfer();
			for (let i = 0; i < %d; i++) data.items.add(new File(["%%PDF-1.7 a document"], i + ".pdf", { type: "application/pdf" }));
			document.querySelector("%s").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
		})()`, names, target))
	}
	run(tab, t, "two files", drop("footer", 2), holds(`document.getElementById("file-wrong").textContent.includes("One document")`))
	if n := p.requests("POST /api/timeline/upload"); n != 0 {
		t.Errorf("%d uploads were sent, want none", n)
	}
	run(tab, t, "a drop anywhere on the window is read", drop("footer", 1), holds(`document.getElementById("failure") !== null`))
	run(tab, t, "a drop elsewhere is swallowed", drop("footer", 1), holds(`document.getElementById("failure") !== null`))
	if n := p.requests("POST /api/timeline/upload"); n != 1 {
		t.Errorf("%d uploads were sent, want 1", n)
	}
}

// The upload depends on no list, and each list that fails has its own way to try again.
func TestStartWithoutLists(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	real.saveJob(t, real.finishJob(t), "Plan A")
	s, p := startProxy(t, real)
	tab := openBrowser(t, consoleOfFaults...)
	for _, rule := range []string{"GET /api/timelines", "GET /api/degrees", "GET /api/calendars"} {
		p.setRule(rule, failWith(http.StatusServiceUnavailable, "database_unavailable"))
	}
	openPage(tab, t, s, "/")
	run(tab, t, "both say so", holds(`document.querySelectorAll("#view .failure").length === 2`), holds(`document.getElementById("alert").hidden`))
	p.setRule("GET /api/timelines", nil)
	run(tab, t, "one comes back", press(".saved .failure button"), holds(`document.querySelector(".saved li")?.textContent.includes("Plan A")`),
		holds(`document.querySelectorAll("#view .failure").length === 1`))
	run(tab, t, "the upload works", clickUpload(transcript()), holds(`location.hash !== "" && !document.querySelector(".wait")`), holds(isShown))
}

// Views are steps of the history, and the skip link is none.
func TestHistory(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	heading := func(text string) chromedp.Action[chromedp.Void] {
		return holds(`document.querySelector("#view h1")?.textContent.includes("` + text + `")`)
	}
	back := chromedp.Evaluate[chromedp.Void](`history.back()`)
	forward := chromedp.Evaluate[chromedp.Void](`history.forward()`)
	run(tab, t, "my plans", press("#nav-saved"), heading("My plans"), holds(`document.title.startsWith("My plans")`),
		holds(`document.activeElement.tagName === "H1"`), holds(`document.querySelector('#nav [aria-current="page"]').id === "nav-saved"`))
	run(tab, t, "what was read, by its address", chromedp.Evaluate[chromedp.Void](`location.hash = "#read=`+job+`"`), heading("What was read"))
	run(tab, t, "back, back", back, heading("My plans"), back, heading("of your degree"))
	run(tab, t, "forward, forward", forward, heading("My plans"), forward, heading("What was read"))
	run(tab, t, "on to the plan", press("a.button.main"), holds(isPlan))
	run(tab, t, "the skip link keeps the address", chromedp.Focus(css("#skip")), chromedp.KeyEvent(kb.Enter),
		holds(`document.activeElement.tagName === "H1" && location.hash === "#job=`+job+`"`), chromedp.Reload(), holds(isPlan))
	run(tab, t, "an address of earlier days", chromedp.Evaluate[chromedp.Void](`location.hash = "#`+job+`"`), holds(isPlan+` || document.querySelector("#view h1") !== null`))
	run(tab, t, "a job that is gone", chromedp.Evaluate[chromedp.Void](`location.hash = "#job=00000000-0000-4000-8000-000000000000"`),
		chromedp.WaitVisible(css("#alert")), holds(`document.getElementById("alert").textContent.includes("no longer here")`), heading("of your degree"))
}

// A sequence fills the terms; where its place is open, the plan asks for a course.
func TestStartFromSequence(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	run(tab, t, "the published sequences of the degree", holds(`document.getElementById("degree").options.length > 9`),
		setValue("degree", "BEng in Software Engineering"), holds(`document.getElementById("sequence").options.length > 1`),
		chromedp.Evaluate[chromedp.Void](`(() => { const e = document.getElementById("sequence"); e.selectedIndex = 1; e.dispatchEvent(new Event("change")); })()`),
		holds(`document.getElementById("last-season").closest("fieldset").hidden`),
		setValue("first-season", "Fall"), setValue("first-year", firstYear()), press("#plan-form button.main"), holds(isPlan))
	var job struct {
		Data struct {
			Semesters []struct {
				Courses []struct{ Code, Message string }
			}
		}
	}
	s.get(t, "/api/timeline/status/"+jobOf(tab, t), &job)
	courses := 0
	for _, semester := range job.Data.Semesters {
		courses += len(semester.Courses)
	}
	if courses < 20 {
		t.Errorf("the plan has %d courses, want those of the sequence", courses)
	}
}

// jobOf is the id of the job whose address the page has.
func jobOf(tab context.Context, t *testing.T) string {
	t.Helper()
	id, err := chromedp.Run(tab, chromedp.Evaluate[string](`location.hash.split("=")[1] ?? ""`))
	must(t, err)
	return id
}
