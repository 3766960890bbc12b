package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

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
