package browser_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// finishForm plans a published sequence from the next fall, and returns the id of the job.
func (s system) finishForm(t *testing.T) string {
	t.Helper()
	var published struct {
		Sequences []struct{ Sequence string }
	}
	s.get(t, "/api/degrees/BEng%20in%20Software%20Engineering/sequences", &published)
	if len(published.Sequences) == 0 {
		t.Fatal("got no published sequence, want one")
	}
	body := fmt.Sprintf(`{"degree":"BEng in Software Engineering","firstTerm":"Fall %s","sequence":%q}`, nextYear(), published.Sequences[0].Sequence)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/timeline/form", bytes.NewBufferString(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	var accepted struct{ JobID string }
	s.send(t, r, &accepted)
	s.awaitJob(t, accepted.JobID)
	return accepted.JobID
}

// What a student loads, how many elements there are, and what an edit loads and makes.
func TestBudget(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishForm(t))
	measure := func(what, expression string, most float64) {
		t.Helper()
		got, err := chromedp.Run(tab, chromedp.Evaluate[float64](expression))
		must(t, err)
		t.Logf("%s: %.0f", what, got)
		if got > most {
			t.Errorf("%s: got %.0f, want at most %.0f", what, got, most)
		}
	}
	const loaded = `performance.getEntriesByType("resource")`
	_, err := chromedp.Call(tab, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	must(t, err)
	for _, language := range []string{"fr", "en"} {
		// The server preloads the texts of the browser's language.
		_, err := chromedp.Call(tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
		must(t, err)
		run(tab, t, "the language", chromedp.Evaluate[chromedp.Void](`localStorage.setItem("trackmydegree.language", "`+language+`")`), chromedp.Reload(),
			holds(`document.querySelectorAll(".card").length > 30 && document.documentElement.lang.startsWith("`+language+`")`),
			chromedp.Click(css(".card button")), chromedp.WaitVisible(css("dialog")), chromedp.KeyEvent("\x1b"))
		measure("bytes of scripts, styles and the page in the language "+language+", compressed", `[...performance.getEntriesByType("navigation"), ...`+loaded+`.filter((e) => e.name.includes("/assets/"))]
			.reduce((sum, e) => sum + e.encodedBodySize, 0)`, 45_000)
	}
	measure("requests to others", loaded+`.filter((e) => !e.name.startsWith(location.origin)).length`, 0)
	run(tab, t, "the dialog of a card", holds(`document.querySelectorAll(".card").length > 30`),
		chromedp.Evaluate[chromedp.Void](`document.querySelector(".card button:last-of-type").click()`), chromedp.WaitVisible(css("#course-move")))
	measure("elements", `document.querySelectorAll("*").length`, 2500)
	run(tab, t, "measured", chromedp.Evaluate[chromedp.Void](`void (performance.clearResourceTimings(), window.moved = document.querySelector("dialog h2").textContent)`), pickTerm("2"))
	_, err = chromedp.Call(tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
	must(t, err)
	run(tab, t, "an edit", chromedp.Evaluate[chromedp.Void](`void (window.longest = 0, window.made = 0, new PerformanceObserver((list) => {
		for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
	}).observe({ type: "longtask", buffered: false }), new MutationObserver((list) => {
		for (const entry of list) for (const node of entry.addedNodes) window.made += 1 + (node.querySelectorAll?.("*").length ?? 0);
	}).observe(document.getElementById("result"), { childList: true, subtree: true }))`), chromedp.Click(css("#course-move")),
		holds(`[...document.querySelectorAll(".card")].some((c) => c.dataset.code === window.moved && c.dataset.from === window.chosen && !c.hasAttribute("aria-busy"))`))
	measure("bytes of the answers to an edit", loaded+`.filter((e) => e.name.includes("/api/")).reduce((sum, e) => sum + e.encodedBodySize, 0)`, 10_000)
	measure("elements that an edit makes", `window.made`, 150)
	// A busy machine makes it longer: the test prints it and does not compare it.
	measure("longest task of an edit on a processor four times slower, ms", `window.longest`, math.Inf(1))
}

// On paper the list of the missing credits comes first, and no card is cut.
func TestPrint(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openPlan(t, s, s.finishForm(t))
	cards, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".card")].filter((c) => c.classList.contains("is-planned")).map((c) => c.dataset.code)`))
	must(t, err)
	if len(cards) < 20 {
		t.Fatalf("got %d planned cards, want a plan of many pages", len(cards))
	}
	printed, err := chromedp.Call(tab, page.PrintToPDF, page.PrintToPDFParams{})
	must(t, err)
	extractor, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
	must(t, err)
	t.Cleanup(func() { extractor.Close() })
	pages, err := extractor.Pages(t.Context(), printed.Data)
	must(t, err)
	if len(pages) < 2 {
		t.Errorf("got %d pages, want several", len(pages))
	}
	type printedWord struct {
		text string
		page int
	}
	var words []printedWord
	for n, p := range pages {
		for _, w := range p.Words {
			words = append(words, printedWord{w.Text, n + 1})
		}
	}
	find := func(from int, text ...string) int {
		for i := from; i+len(text) <= len(words); i++ {
			found := true
			for k, w := range text {
				found = found && words[i+k].text == w
			}
			if found {
				return i
			}
		}
		return -1
	}
	if at := find(0, "What", "is", "left"); at < 0 || words[at].page != 1 || at > find(0, "Now", "and", "next") {
		t.Errorf("got the rest at word %d, want it first on page 1", at)
	}
	at := find(0, "Now", "and", "next")
	for _, code := range cards {
		letters, number, _ := bytes.Cut([]byte(code), []byte(" "))
		begin := find(at, string(letters), string(number))
		if begin < 0 {
			t.Fatalf("%s is not on paper after word %d", code, at)
		}
		end := find(begin, "Planned")
		if end < 0 || words[begin].page != words[end].page {
			t.Errorf("%s begins on page %d and ends on another", code, words[begin].page)
		}
		at = begin
	}
}
