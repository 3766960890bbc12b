package browser_test

import "github.com/chromedp/chromedp"

// planStates are the states of the plan. open opens an address and takes steps there; jobs are the ids of finished jobs
// by document.
func planStates(open func(address string, steps ...chromedp.Action[chromedp.Void]) func(), jobs map[string]string) []viewState {
	plan := func(steps ...chromedp.Action[chromedp.Void]) func() {
		ready := []chromedp.Action[chromedp.Void]{holds(`document.querySelector("#board .term") !== null`), holds(noneLoading)}
		return open("/#job="+jobs["transcripts/soen-coop"], append(ready, steps...)...)
	}
	dialog := chromedp.WaitVisible(css("dialog"))
	return []viewState{
		{"plan", plan()},
		{"plan-terms", plan(chromedp.Evaluate[chromedp.Void](`document.getElementById("tab-terms").click()`), press("#past summary"), holds(`document.querySelectorAll("#past tbody tr").length > 30`))},
		{"plan-course", plan(press("#left-SOEN-490"), dialog, press("#course-more summary"))},
		{"plan-picker", plan(press(`[id^="pick-SOEN"]`), holds(`document.querySelectorAll("#picker-list li").length === 20`))},
		{"plan-rest", plan(press("#plan-rest"), dialog, press("#wish-preview"), chromedp.WaitVisible(css("#wish-take")))},
		{"plan-menu", plan(press("#more"), dialog)},
		{"plan-save", plan(press("#save"), dialog)},
		{"plan-term", plan(press("#add-term"), dialog)},
		{"plan-audit", plan(press("#tab-audit"), holds(`document.querySelectorAll("#audit-list > details").length === 7`), press("#audit-SOEN-Engineering-Core summary"))},
		{"plan-whatif", plan(press("#more"), dialog, press("#menu-whatif"),
			holds(`document.querySelector("#other .failure button")?.click() || document.querySelectorAll("#whatif-list > li").length >= 9`))},
		{"plan-compare", plan(press("#more"), dialog, press("#menu-compare"), holds(`document.querySelector("#compare-result table") !== null`))},
	}
}
