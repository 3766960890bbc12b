package browser_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// readTexts reads the tables of texts of a language, by key.
func readTexts(t *testing.T, language string) map[string]string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^  "([\w.-]+)": (.+),$`)
	form := regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	texts := map[string]string{}
	for _, name := range []string{"text-", "text-plan-"} {
		source, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "internal", "httpapi", "page", "static", name+language+".js"))
		must(t, err)
		for _, m := range line.FindAllStringSubmatch(string(source), -1) {
			for i, f := range form.FindAllStringSubmatch(m[2], -1) {
				texts[m[1]+strings.Repeat("+", i)] = f[1]
			}
		}
	}
	return texts
}

// englishTexts are patterns of the English texts that are said in other words in French.
func englishTexts(t *testing.T) []string {
	t.Helper()
	english, french := readTexts(t, "en"), readTexts(t, "fr")
	if len(english) < 400 {
		t.Fatalf("got %d English texts, want all of them", len(english))
	}
	// What stands for a parameter: a number, the code of a course, or anything.
	parameters := []struct{ names, pattern string }{
		{`count|done|left|n|page|percent|read|shown`, `[\d.,]+`}, {`code`, `[A-Z]{3,4} \d{3,4}`}, {`\w+`, `.+`},
	}
	var patterns []string
	for key, text := range english {
		// A text of parameters alone would fit everything.
		if fixed := regexp.MustCompile(`\{\w+\}|\W`).ReplaceAllString(text, ""); text != french[key] && len(fixed) > 1 {
			pattern := regexp.QuoteMeta(text)
			for _, p := range parameters {
				pattern = regexp.MustCompile(`\\\{(`+p.names+`)\\\}`).ReplaceAllLiteralString(pattern, p.pattern)
			}
			patterns = append(patterns, "^"+pattern+"$")
		}
	}
	return patterns
}

// leftovers are texts and names of the page that are English: those of the tables, and those with words that sentences
// of the API have. Names of degrees, and titles and codes of courses, are English in every language.
const leftovers = `(patterns) => {
	const english = patterns.map((p) => new RegExp(p, "u"));
	const words = /\b(the|this|your|of|is|are|not|with|left|Core|Electives|credits|Search|Show|Needs|Choose|before|course|term)\b/;
	const isTitle = (e) => e.closest(".title, .name, .file-name, #plan-title, option, pre") || e.matches("strong, td:first-child, .left-row .hint, #picker-list .grow, .choices li, .route *");
	const found = [];
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || e.closest("script, svg")) continue;
		const own = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim());
		for (const text of [...own, e.getAttribute("aria-label"), e.getAttribute("placeholder"), e.title]) {
			if (!text || /BEng|BCompSc|BSc|TrackMyDegree|^[A-Z]{3,4} \d/.test(text)) continue;
			if (english.some((p) => p.test(text)) || (own.includes(text) && !isTitle(e) && words.test(text))) found.push(text);
		}
	}
	return found;
}`

// In French no text of any view is left in English: neither one of the page, nor a sentence of the API, nor the name of
// a requirement.
func TestFrenchLeftovers(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t, consoleOfFaults...)
	patterns, err := json.Marshal(englishTexts(t))
	must(t, err)
	_, err = chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `localStorage.setItem("trackmydegree.language", "fr")`,
	})
	must(t, err)
	look := func(what string) {
		t.Helper()
		found, err := chromedp.Run(tab, chromedp.Evaluate[[]string]("("+leftovers+")("+string(patterns)+")"))
		must(t, err)
		for _, text := range found {
			t.Errorf("%s: got %q, want French", what, text)
		}
	}
	for _, state := range viewStates(tab, t, s) {
		state.open()
		run(tab, t, state.name, holds(`document.documentElement.lang === "fr-CA"`))
		look(state.name)
	}
	openPage(tab, t, s, "/#job="+s.finishJob(t))
	run(tab, t, "wishes that cannot be met", press("#plan-rest"), setValue("wish-credits", "3"), press("dialog .fold summary"), setValue("wish-prefer", "ABCD 999"),
		setValue("wish-avoid", "SOEN 490"), setValue("wish-coop", "XY"), press("#wish-preview"), holds(`document.querySelectorAll("#wish-result .failure li").length > 1`))
	look("wishes that cannot be met")
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
