package browser_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// dragTo drags a card with the mouse to the middle of the n-th term of the board, which it scrolls into view.
func dragTo(tab context.Context, t *testing.T, card, n string) {
	t.Helper()
	at, err := chromedp.Run(tab, chromedp.Evaluate[[]float64](`(() => {
		document.querySelectorAll("#board .term")[`+n+`].scrollIntoView({ block: "end" });
		const card = document.getElementById("`+card+`").querySelector("strong").getBoundingClientRect();
		const term = document.querySelectorAll("#board .term")[`+n+`].getBoundingClientRect();
		return [card.x + 5, card.y + 5, term.x + term.width / 2, term.y + term.height / 2];
	})()`))
	must(t, err)
	send := func(kind string, x, y float64, buttons int64) {
		_, err := chromedp.Call(tab, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: input.DispatchMouseEventType(kind), X: x, Y: y, Button: "left", Buttons: buttons, ClickCount: 1, PointerType: "mouse",
		})
		must(t, err)
	}
	send("mousePressed", at[0], at[1], 1)
	for step := range 5 {
		part := float64(step+1) / 5
		send("mouseMoved", at[0]+(at[2]-at[0])*part, at[1]+(at[3]-at[1])*part, 1)
	}
	send("mouseReleased", at[2], at[3], 0)
}

// A card can be dragged to another term. A drag to nowhere changes nothing.
func TestDrag(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "a card", append(planCapstone(), watchEdits)...)
	dragTo(tab, t, "card-SOEN-490", "3")
	run(tab, t, "it is in the other term", holds(`document.querySelectorAll("#board .term")[3].querySelector("#card-SOEN-490:not([aria-busy])") !== null && window.edits === 1`),
		holds(`document.querySelector(".is-over, .is-dragged") === null`))
	dragTo(tab, t, "card-SOEN-490", "3")
	run(tab, t, "to where it is", holds(`document.getElementById("card-SOEN-490").style.transform === "" && window.edits === 1`))
}

// Terms are added, inserted, renamed and removed, and the board keeps at least three to come.
func TestTerms(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishDocument(t, graduateTranscript())
	s.edit(t, job, `{"op":"addTerm","term":"FALL 2040"}`)
	tab := openPlan(t, s, job)
	run(tab, t, "at least three to come", holds(`document.querySelectorAll("#board .term").length === 5`))
	run(tab, t, "insert", chromedp.Click(css("#term-FALL-2040-change")), chromedp.Click(css("#term-insert")), holds(`document.getElementById("term-WINTER-2041") !== null`))
	run(tab, t, "rename", chromedp.Click(css("#term-WINTER-2041-change")), setValue("rename-season", "SUMMER"), chromedp.Click(css("#term-rename")),
		holds(`document.getElementById("term-SUMMER-2041") !== null && !document.getElementById("term-WINTER-2041")`),
		holds(`document.activeElement.id === "term-SUMMER-2041-name"`))
	run(tab, t, "remove", chromedp.Click(css("#term-SUMMER-2041-change")), chromedp.Click(css("#term-remove")), holds(`!document.getElementById("term-SUMMER-2041")`))
	run(tab, t, "add", chromedp.Click(css("#add-term")), holds(`document.getElementById("add-season").value === "WINTER"`), chromedp.Click(css(`dialog button[value="yes"]`)),
		holds(`document.getElementById("term-WINTER-2041") !== null`))
}

// The dialog says what each term would say. A remark that the department lifted counts as met, until it is taken back.
func TestRemarks(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	s.edit(t, job, `{"op":"markCourse","course":"COMP 352","as":"incomplete","term":"SUMMER 2022"}`)
	tab := openPlan(t, s, job)
	run(tab, t, "the picker", chromedp.Click(css("#pick-SOEN-Software-Engineering-Electives")), holds(`document.querySelectorAll("#picker-list li").length === 20`),
		chromedp.Click(css("#picker-more")), holds(`document.querySelectorAll("#picker-list li").length > 20`),
		chromedp.SendKeys(css("#picker-search"), "comp 333"), holds(`document.querySelectorAll("#picker-list li").length === 1`),
		holds(`document.querySelector("#picker-list .warn").textContent.includes("Needs COMP 352 before it")`),
		chromedp.Click(css("#picker-ready")), holds(`document.querySelectorAll("#picker-list li").length === 0`), chromedp.Click(css("#picker-ready")))
	run(tab, t, "each term says what is wrong", chromedp.Click(css("#pick-COMP-333")), chromedp.WaitVisible(css("#course-move")),
		holds(`document.querySelector("dialog .radios").textContent.includes("Needs COMP 352 before it")`), pickTerm("1"), chromedp.Click(css("#course-move")), isIn("COMP-333"))
	run(tab, t, "the card says it, with a remedy", holds(`/Needs COMP 352 before it/.test(document.querySelector("#card-COMP-333 .remark.is-error").textContent)`),
		holds(`document.getElementById("announcement").textContent.includes("Needs COMP 352")`))
	run(tab, t, "waived", chromedp.Click(css("#move-COMP-333")), chromedp.Click(css("#waive-prerequisite")),
		holds(`document.querySelector("#card-COMP-333 .remark.is-waived")?.textContent.includes("The department agreed")`))
	run(tab, t, "and not", chromedp.Click(css("#move-COMP-333")), chromedp.Click(css("#unwaive-prerequisite")), holds(`document.querySelector("#card-COMP-333 .remark.is-error") !== null`))
	run(tab, t, "mended by a move", chromedp.Click(css("#left-COMP-352")), pickTerm("1"), chromedp.Click(css("#course-move")), isIn("COMP-352"),
		chromedp.Click(css("#move-COMP-333")), pickTerm("3"), chromedp.Click(css("#course-move")), isIn("COMP-333"), holds(`!document.getElementById("card-COMP-333").textContent.includes("COMP 352")`))
}

// A remark about a term has no course whose dialog could waive it: the list of things to check does, and takes it back.
func TestRemarksAboutTerms(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	changes := `{"op":"addTerm","term":"FALL 2030"}`
	for _, code := range []string{"COMP 345", "COMP 371", "COMP 425", "COMP 426", "COMP 428"} {
		changes += `,{"op":"placeCourse","course":"` + code + `","term":"FALL 2030"}`
	}
	s.edit(t, job, changes)
	tab := openPlan(t, s, job)
	run(tab, t, "waived", chromedp.Click(css("#warning-count")), chromedp.Click(css("#waive-overload-FALL-2030")),
		holds(`document.querySelector("#term-FALL-2030 .remark.is-waived")?.textContent.includes("The department agreed")`))
	run(tab, t, "and not", chromedp.Click(css("#warning-count")), chromedp.Click(css("#unwaive-overload-FALL-2030")),
		holds(`document.querySelector("#term-FALL-2030 .remark.is-error") !== null`))
}

// A course counts where the student pins it, and what was done elsewhere is marked as such.
func TestMarks(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishDocument(t, graduateTranscript()))
	run(tab, t, "done elsewhere", chromedp.Click(css("#left-SOEN-490")), chromedp.Click(css("#course-more summary")), chromedp.Click(css("#mark-transferred")),
		chromedp.WaitVisible(css("#left-done")), chromedp.Click(css("#marked summary")), holds(`/SOEN 490.*Credits from elsewhere/.test(document.getElementById("marked").textContent)`))
	run(tab, t, "the past opens, and only what does not count", chromedp.Click(css("#past summary")), holds(`document.querySelectorAll("#past tbody tr").length > 30`),
		chromedp.Click(css("#past-only")), holds(`[...document.querySelectorAll("#past td:last-child")].every((cell) => cell.textContent === "Does not count")`),
		holds(`document.querySelectorAll("#past tbody tr:not(.past-term)").length === 5`))
	run(tab, t, "pinned", holds(`(() => { const b = [...document.querySelectorAll("#past button.link")].find((b) => b.textContent === "COMP 442"); b?.click(); return Boolean(b); })()`),
		chromedp.WaitVisible(css("dialog")), chromedp.Click(css("#course-more summary")), holds(`document.getElementById("mark-exempted") !== null`))
}

// Hostile titles and names are text.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishDocument(t, graduateTranscript())
	tab := openPlan(t, s, job)
	run(tab, t, "a hostile name and placeholder", append(planCapstone(), savePlan("<img src=x onerror=alert(1)>")...)...)
	run(tab, t, "it is text", holds(`document.querySelector("h1").textContent.startsWith("<img src=x")`), holds(`document.querySelector("h1 img") === null && document.title.startsWith("<img src=x")`))
	s.edit(t, job, `{"op":"addTerm","term":"FALL 2040"},{"op":"placeCourse","course":"<script>alert(1)</script> Elective","term":"FALL 2040"}`)
	run(tab, t, "a placeholder", chromedp.Reload(), holds(`[...document.querySelectorAll(".card strong")].some((e) => e.textContent.startsWith("<script>"))`),
		holds(`document.querySelector("#board script") === null`), chromedp.EmulateViewport(320, 800), holds(`document.documentElement.scrollWidth <= 320`))
}
