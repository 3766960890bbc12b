package browser_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The wishes are previewed, and the plan is taken over as one edit, which one undo takes back.
func TestPlanRest(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishJob(t), "422 (Unprocessable Entity)")
	run(tab, t, "a preview", watchEdits, chromedp.Click(css("#plan-rest")), chromedp.WaitVisible(css("#wish-credits")), chromedp.Click(css("#wish-preview")),
		chromedp.WaitVisible(css("#wish-take")), holds(`/Done after (Winter|Summer|Fall) 20\d\d/.test(document.getElementById("wish-result").textContent)`),
		holds(`document.getElementById("wish-result").textContent.includes("SOEN 490") && window.edits === 0`), holds(`document.activeElement.id === "wish-take"`))
	run(tab, t, "taken over", chromedp.Click(css("#wish-take")), holds(`document.getElementById("card-SOEN-490") !== null && window.edits === 1`),
		holds(`document.getElementById("left-open").textContent.includes("1 course of the plan is still to be chosen")`),
		chromedp.Click(css("#show-open")), holds(`document.activeElement.id.startsWith("choose-")`))
	run(tab, t, "the placeholder is chosen", chromedp.Click(css(`[id^="choose-"]`)), chromedp.SendKeys(css("#picker-search"), "comp 425"),
		holds(`document.querySelectorAll("#picker-list li").length === 1`), chromedp.Click(css("#pick-COMP-425")),
		holds(`document.getElementById("card-COMP-425") !== null && !document.querySelector("[id^=choose-]")`),
		chromedp.WaitVisible(css("#left-done")))
	run(tab, t, "undone", chromedp.Click(css("#undo")), holds(`document.querySelector("[id^=choose-]") !== null`), chromedp.Click(css("#undo")),
		holds(`!document.getElementById("card-SOEN-490") && window.edits === 4`))
	run(tab, t, "a wish that cannot be", chromedp.Click(css("#plan-rest")), chromedp.WaitVisible(css("#wish-credits")), setValue("wish-credits", "3"), chromedp.Click(css("dialog .fold summary")),
		setValue("wish-prefer", "ABCD 999"), chromedp.Click(css("#wish-preview")), holds(`document.querySelector("#wish-result .failure li") !== null && document.getElementById("wish-take").hidden`))
}

// The audit says of each requirement what counts and why.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishJob(t))
	run(tab, t, "requirements", chromedp.Click(css("#tab-audit")), holds(`document.querySelectorAll("#audit-list > details").length === 7`),
		holds(`/not yet.*40.5 of 46.5/.test(document.getElementById("audit-SOEN-Software-Engineering-Core").textContent)`),
		holds(`document.getElementById("audit-SOEN-Software-Engineering-Core").open && !document.getElementById("audit-SOEN-Engineering-Core").open`),
		holds(`/ENGR 391.*no requirement of this degree lists it/.test(document.getElementById("audit-uncounted").textContent)`))
	run(tab, t, "an edit keeps what is open", chromedp.Click(css("#audit-SOEN-Engineering-Core summary")), chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#audit .choices button")].find((b) => b.textContent === "SOEN 490").click()`),
		chromedp.WaitVisible(css("#course-move")), pickTerm("1"), chromedp.Click(css("#course-move")),
		holds(`/planned.*46.5 of 46.5/.test(document.getElementById("audit-SOEN-Software-Engineering-Core").textContent)`),
		holds(`document.getElementById("audit-SOEN-Engineering-Core").open`))
}

// Every degree is ranked, and each leads to its own audit.
func TestWhatIf(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishJob(t), "503 (Service Unavailable)")
	// On a busy machine the first answer may be late, which the page offers to try again.
	run(tab, t, "the ranking", chromedp.Click(css("#more")), chromedp.Click(css("#menu-whatif")),
		holds(`document.querySelector("#other .failure button")?.click() || document.querySelectorAll("#whatif-list > li").length >= 9`),
		holds(`document.querySelector("#whatif-list .now").closest("li") === document.querySelector("#whatif-list li")`),
		holds(`document.activeElement.id === "other-title"`),
		holds(`(() => { const n = [...document.querySelectorAll("#whatif-list strong")].map((e) => parseFloat(e.textContent)); return n.every((x, i) => i === 0 || n[i - 1] <= x); })()`))
	run(tab, t, "one of them", chromedp.Click(css("#whatif-BCompSc-in-Computer-Science")), holds(`document.getElementById("other-title")?.textContent.includes("BCompSc in Computer Science")`),
		holds(`document.querySelectorAll("#other-list > details").length >= 5`), chromedp.Click(css("#whatif-back")), holds(`document.querySelectorAll("#whatif-list > li").length >= 9`))
	run(tab, t, "a plan in it", chromedp.Click(css("#whatif-start-BCompSc-in-Computer-Science")),
		holds(`document.querySelector("#view h1")?.textContent.includes("BCompSc in Computer Science") && document.querySelector("#board .term") !== null`),
		holds(`document.getElementById("save-state").textContent === "Saved"`), holds(`document.getElementById("announcement").textContent.includes("now a plan of BCompSc")`))
	if list := s.listSaved(t).Timelines; len(list) != 1 {
		t.Errorf("got %d saved plans, want the one in the other degree", len(list))
	}
}

// planShared plans COMP 425, which three requirements of the degree list, and returns the id of the job.
func (s system) planShared(t *testing.T) string {
	t.Helper()
	body := `{"degree":"BCompSc in Computer Science","firstTerm":"Fall ` + nextYear() + `"}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/timeline/form", strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	var accepted struct{ JobID string }
	s.send(t, r, &accepted)
	s.awaitJob(t, accepted.JobID)
	s.edit(t, accepted.JobID, `{"op":"placeCourse","course":"COMP 425","term":"FALL `+nextYear()+`"}`)
	return accepted.JobID
}

// A course is held to another requirement that lists it, from its dialog, and let go again.
func TestPinInDialog(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.planShared(t))
	detailed := []chromedp.Action[chromedp.Void]{
		press("#move-COMP-425"), press("#course-more summary"), chromedp.WaitVisible(css("#pin-pool")),
		holds(`document.querySelector("#course-more p.pin label").htmlFor === "pin-pool"`),
	}
	run(tab, t, "the requirements that list it", detailed...)
	run(tab, t, "the one in which it counts is chosen", holds(`document.querySelectorAll("#pin-pool option").length === 3 && !document.getElementById("pin-unset")`),
		holds(`document.querySelector("#course-more li").textContent.includes(document.getElementById("pin-pool").selectedOptions[0].textContent)`))
	run(tab, t, "pinned to another one", holds(`(() => { const s = document.getElementById("pin-pool"); s.selectedIndex = (s.selectedIndex + 1) % 3;
		window.pool = s.value; window.poolName = s.selectedOptions[0].textContent; return true; })()`), press("#pin-set"),
		holds(`document.querySelector("dialog") === null && document.getElementById("announcement").textContent.startsWith("COMP 425 is pinned.")`),
		holds(`document.getElementById("marked").textContent.includes("counts in " + window.poolName + " by your choice")`), holds(`document.activeElement.id === "move-COMP-425"`))
	run(tab, t, "the dialog says so", detailed...)
	run(tab, t, "its fields", holds(`document.getElementById("pin-pool").value === window.pool && document.getElementById("pin-unset") !== null`),
		holds(`document.querySelector("#course-more li").textContent.includes(window.poolName) && document.querySelector("#course-more li").textContent.includes("by your choice")`))
	run(tab, t, "let go", press("#pin-unset"), holds(`document.getElementById("announcement").textContent.startsWith("COMP 425 is no longer pinned.")`),
		holds(`document.getElementById("marked").hidden`))
}

// A course is held to another requirement that lists it, from the audit, and let go again.
func TestPinInAudit(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.planShared(t))
	run(tab, t, "pinned", chromedp.Click(css("#tab-audit")), holds(`document.querySelectorAll("#audit-list > details").length > 3`),
		chromedp.Evaluate[chromedp.Void](`void document.querySelectorAll("#audit-list > details").forEach((e) => { e.open = true; })`), watchEdits,
		holds(`(() => { const b = document.querySelector("#audit-list [id^=pin-]"); if (!b) return false; window.pinned = b.id.split("-").slice(1, 3).join("-"); b.click(); return true; })()`),
		holds(`document.getElementById("unpin-" + window.pinned)?.closest("tr").textContent.includes("by your choice")`), holds(`window.edits === 1`))
	run(tab, t, "let go", holds(`(() => { document.getElementById("unpin-" + window.pinned).click(); return true; })()`),
		holds(`!document.getElementById("unpin-" + window.pinned) && document.querySelector("#audit-list [id^=pin-]") !== null`), holds(`window.edits === 2`))
}

// A plan that takes many steps is a job: the page waits for it, and its result is taken over like another.
func TestPlanRestAsJob(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	s, p := startProxy(t, real)
	tab := openPlan(t, s, real.finishJob(t))
	target, err := url.Parse(real.base)
	must(t, err)
	asJob := httputil.NewSingleHostReverseProxy(target)
	p.setRule("POST /api/timeline/status/", func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Prefer", "respond-async")
		asJob.ServeHTTP(w, r)
	})
	p.setRule("GET /api/timeline/status/", holdEvents)
	run(tab, t, "waiting, and cancelled", chromedp.Click(css("#plan-rest")), chromedp.WaitVisible(css("#wish-credits")), watchEdits, chromedp.Click(css("#wish-preview")),
		holds(`document.getElementById("wish-result").textContent.includes("Looking for")`), press("dialog .actions .quiet"), holds(`!document.querySelector("dialog") && window.edits === 0`))
	p.setRule("GET /api/timeline/status/", nil)
	run(tab, t, "the result", chromedp.Click(css("#plan-rest")), chromedp.WaitVisible(css("#wish-credits")), chromedp.Click(css("#wish-preview")), chromedp.WaitVisible(css("#wish-take")),
		chromedp.Click(css("#wish-take")), holds(`document.getElementById("card-SOEN-490") !== null && window.edits === 1`))
}

// Two plans stand next to each other, and what differs is marked.
func TestCompare(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "no other plan", chromedp.Click(css("#more")), chromedp.Click(css("#menu-compare")), holds(`document.getElementById("other").textContent.includes("no other saved plan")`), chromedp.Click(css("#tab-left")))
	run(tab, t, "two plans", append(savePlan("Plan A"), chromedp.Click(css("#more")), chromedp.Click(css("#menu-copy")), chromedp.WaitVisible(css("#plan-new-name")),
		setValue("plan-new-name", "Plan B"), chromedp.Click(css("#name-ok")), holds(`document.getElementById("announcement").textContent.includes("Plan B")`))...)
	run(tab, t, "they are the same", chromedp.Click(css("#more")), chromedp.Click(css("#menu-compare")), holds(`document.getElementById("compare-result")?.textContent.includes("the same courses")`), chromedp.Click(css("#tab-left")))
	run(tab, t, "an edit", planCapstone()...)
	run(tab, t, "they differ", chromedp.Click(css("#more")), chromedp.Click(css("#menu-compare")), holds(`document.querySelector("#compare-result .is-different")?.textContent === "SOEN 490"`),
		holds(`document.querySelectorAll("#compare-result thead th").length === 2`))
}
