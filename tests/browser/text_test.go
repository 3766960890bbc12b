package browser_test

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// compareTables finds what one language has and the other lacks: keys, parameters, forms of the plural, empty texts.
const compareTables = `Promise.all(["text-en", "text-fr", "text-plan-en", "text-plan-fr"].map((name) => import("/assets/" + name + ".js"))).then((modules) => {
	const [en, fr, planEn, planFr] = modules.map((m) => m.default);
	const faults = [];
	const parameters = (text) => JSON.stringify([...new Set((typeof text === "string" ? text : text.other).match(/\{\w+\}/g) ?? [])].sort());
	for (const [ours, theirs] of [[en, fr], [planEn, planFr]]) {
		for (const [key, text] of Object.entries(ours)) {
			const other = theirs[key];
			if (!other) faults.push(key + ": no French");
			else if (typeof text !== typeof other) faults.push(key + ": forms of the plural in one language only");
			else if (parameters(text) !== parameters(other)) faults.push(key + ": other parameters");
		}
		// The API's warnings are English sentences: only the other languages have texts for them.
		for (const key of Object.keys(theirs)) if (!(key in ours) && !key.startsWith("warning.")) faults.push(key + ": no English");
	}
	for (const key of Object.keys(en)) if (key in planEn) faults.push(key + ": twice");
	return faults;
})`

// Every text of one language is there in the other.
func TestTexts(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	faults, err := chromedp.Run(tab, chromedp.Evaluate[[]string](compareTables, chromedp.EvalAwaitPromise))
	must(t, err)
	for _, fault := range faults {
		t.Error(fault)
	}
}

// Every fault of the API has a sentence on the page.
func TestTextsOfFaults(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	keys, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`import("/assets/text-en.js").then((m) => Object.keys(m.default))`, chromedp.EvalAwaitPromise))
	must(t, err)
	for _, code := range fault.AllCodes() {
		if !slices.Contains(keys, "problem."+string(code)) {
			t.Errorf("no text for %s", code)
		}
	}
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
