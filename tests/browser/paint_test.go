package browser_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	slowLatency   = 400    // ms
	slowThrough   = 50_000 // bytes a second
	maxFirstBytes = 3_000  // what the first paint waits for
)

// On a slow network the page shows something soon: little is loaded before the first paint.
func TestFirstPaint(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	run(tab, t, "a slow network", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: slowLatency, DownloadThroughput: slowThrough, UploadThroughput: slowThrough}},
		})
		return err
	}))
	run(tab, t, "the page", chromedp.Navigate(s.base+"/"), holds(`performance.getEntriesByName("first-contentful-paint").length > 0`),
		holds(`document.querySelector("#view h1") !== null`))
	const files = `performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))`
	lines, err := chromedp.Run(tab, chromedp.Evaluate[[]string](files+`.map((e) => [Math.round(e.startTime), Math.round(e.responseEnd), e.encodedBodySize, new URL(e.name).pathname].join(" "))`))
	must(t, err)
	paint, err := chromedp.Run(tab, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0].startTime`))
	must(t, err)
	// A busy machine makes it longer: the test prints it and does not compare it.
	t.Logf("first paint after %.0f ms; start and end in ms, bytes:\n%s", paint, strings.Join(lines, "\n"))
	first, err := chromedp.Run(tab, chromedp.Evaluate[int](`(() => {
		const style = performance.getEntriesByType("resource").find((e) => e.name.endsWith("/shell.css"));
		return performance.getEntriesByType("navigation")[0].encodedBodySize + style.encodedBodySize;
	})()`))
	must(t, err)
	if first > maxFirstBytes {
		t.Errorf("%d bytes are loaded before the first paint, want at most %d", first, maxFirstBytes)
	}
}
