package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// leftovers are texts of the page with words of the English tables or of the names of requirements. Titles of courses
// and names of degrees stay English.
const leftovers = `[...document.querySelectorAll("#view h2, #view h3, #view button, #view summary, #view label, #view .hint, #view .remark, #view th, dialog *")]
	.filter((e) => e.checkVisibility() && e.children.length === 0).map((e) => e.textContent)
	.filter((text) => /\b(the|this|your|of|is left|Core|Electives|credits|Search|Show|Needs|Choose|Plan it|before)\b/.test(text) && !/BEng|BCompSc|BSc/.test(text))`

// In French no sentence and no name of a requirement is left in English.
func TestFrenchLeftovers(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	tab := openBrowser(t, "422 (Unprocessable Entity)")
	openPage(tab, t, s, "/")
	run(tab, t, "French", press("#language"), holds(`document.documentElement.lang === "fr-CA"`))
	look := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		run(tab, t, what, steps...)
		found, err := chromedp.Run(tab, chromedp.Evaluate[[]string](leftovers))
		must(t, err)
		for _, text := range found {
			t.Errorf("%s: got %q, want French", what, text)
		}
	}
	ready := holds(`document.querySelector("#board .term") !== null && !document.getElementById("left-pools").textContent.includes("Chargement")`)
	look("the start")
	look("what was read", chromedp.Evaluate[chromedp.Void](`location.hash = "#read=`+job+`"`), holds(`document.querySelector(".reading") !== null`), press("#show-rows"))
	look("the plan", chromedp.Evaluate[chromedp.Void](`location.hash = "#job=`+job+`"`), ready)
	look("the wishes", press("#plan-rest"), setValue("wish-credits", "3"), press("dialog .fold summary"), setValue("wish-prefer", "ABCD 999"), press("#wish-preview"),
		holds(`document.querySelector("#wish-result .failure li") !== null`), press("dialog .actions .quiet"))
	look("the audit", press("#tab-audit"), holds(`document.querySelectorAll("#audit-list > details").length === 7`),
		chromedp.Evaluate[chromedp.Void](`void document.querySelectorAll("#audit-list > details").forEach((e) => { e.open = true; })`))
}

// The language is that of the browser, and the switch is remembered.
func TestLanguage(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	run(tab, t, "French", press("#language"), holds(`document.documentElement.lang === "fr-CA"`),
		holds(`document.querySelector("#view h1").textContent.includes("programme")`), holds(`document.getElementById("nav-saved").textContent === "Mes plans"`),
		holds(`document.getElementById("first-season").selectedOptions[0].textContent === "Automne"`))
	run(tab, t, "and stays", chromedp.Reload(), holds(`document.getElementById("nav-saved").textContent === "Mes plans"`))
	run(tab, t, "English again", press("#language"), holds(`document.getElementById("nav-saved").textContent === "My plans"`))
}
