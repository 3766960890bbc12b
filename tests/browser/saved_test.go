package browser_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

const firstRow = `document.querySelector("#view .rows li strong")?.textContent`

func TestSaved(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	const hostile = `<img src=x onerror="document.title = 1">`
	real.saveJob(t, real.finishJob(t), hostile)
	s, p := startProxy(t, real)
	tab := openBrowser(t, consoleOfFaults...)
	openPage(tab, t, s, "/#saved")
	run(tab, t, "a name is text", holds(firstRow+` === '`+hostile+`'`), holds(`document.querySelector("#view img") === null`))
	run(tab, t, "rename", press(".rows .actions button:nth-child(2)"), holds(`document.activeElement.id === "plan-new-name"`),
		chromedp.SetValue(css("#plan-new-name"), "Plan B"), press(`dialog button[value="yes"]`), holds(firstRow+` === "Plan B"`),
		holds(`document.activeElement.closest(".rows li") !== null`))
	run(tab, t, "copy", press(".rows .actions button:nth-child(3)"),
		holds(`document.querySelectorAll("#view .rows li").length === 2 && [...document.querySelectorAll("#view .rows strong")].some((e) => e.textContent === "Plan B (copy)")`))
	run(tab, t, "a delete is asked about", press(".rows .actions button:last-child"), chromedp.WaitVisible(css("dialog")),
		press(`dialog button[value=""]`), holds(`document.querySelector("dialog") === null`), holds(`document.querySelectorAll("#view .rows li").length === 2`))
	run(tab, t, "delete", press(".rows .actions button:last-child"), chromedp.WaitVisible(css("dialog")),
		press(`dialog button[value="yes"]`), holds(`document.querySelectorAll("#view .rows li").length === 1`),
		holds(`document.activeElement !== document.body`))
	p.setRule("DELETE /api/timelines/", failWith(http.StatusServiceUnavailable, "database_unavailable"))
	run(tab, t, "a delete that fails says so", press(".rows .actions button:last-child"), chromedp.WaitVisible(css("dialog")),
		press(`dialog button[value="yes"]`), chromedp.WaitVisible(css("#alert")), holds(`document.querySelectorAll("#view .rows li").length === 1`))
	p.setRule("DELETE /api/timelines/", nil)
	run(tab, t, "open", press(".rows .actions button:first-child"), holds(isPlan))
}
