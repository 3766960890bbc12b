package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestDocsPage(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	operations := countOperations(t, s)
	tab := openBrowser(t)
	run(tab, t, "every operation", chromedp.Navigate(s.base+"/docs"), holds(`!document.querySelector("main").hasAttribute("aria-busy")`),
		holds(`document.getElementById("shape-Timeline").textContent.includes("semesters")`))
	shown, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelectorAll("details.route").length`))
	if err != nil || shown != operations {
		t.Errorf("the page shows %d operations (%v), want %d", shown, err, operations)
	}
}
