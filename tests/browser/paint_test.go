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
	maxFirstBytes = 2_500  // what the first paint waits for
	// Of the 1.2 s that the first paint may take, the rest is the browser's own work.
	maxNetworkTime = 1000 // ms
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
	need, err := chromedp.Run(tab, chromedp.Evaluate[paintNeed](`(() => {
		const [page] = performance.getEntriesByType("navigation"), files = performance.getEntriesByType("resource");
		const blocking = files.filter((e) => e.renderBlockingStatus === "blocking"), end = Math.max(...blocking.map((e) => e.responseEnd));
		return {
			blocking: blocking.map((e) => new URL(e.name).pathname),
			bytes: page.encodedBodySize + blocking.reduce((sum, e) => sum + e.encodedBodySize, 0),
			// A file that begins after another one has ended needs a round trip of its own.
			trips: 1 + blocking.filter((e) => blocking.every((other) => other === e || other.responseEnd <= e.startTime || other.startTime > e.startTime)).length,
			others: files.filter((e) => e.startTime < end && !blocking.includes(e)).length,
		};
	})()`))
	must(t, err)
	t.Logf("the first paint waits for %d round trips, %v and %d bytes, while %d other files load", need.Trips, need.Blocking, need.Bytes, need.Others)
	if len(need.Blocking) != 1 || need.Blocking[0] != "/assets/shell.css" || need.Trips != 2 || need.Bytes > maxFirstBytes {
		t.Errorf("got %+v, want 2 round trips for the page and its shell.css, at most %d bytes", need, maxFirstBytes)
	}
	// At worst each file that loads at the same time takes as much of the network as what the paint waits for.
	if ms := need.Trips*slowLatency + need.Bytes*(1+need.Others)*1000/slowThrough; ms > maxNetworkTime {
		t.Errorf("the network takes up to %d ms before the first paint, want at most %d", ms, maxNetworkTime)
	}
}

// paintNeed is what the browser has before its first paint. The round trips are those of requests; a connection and its
// TLS take their own.
type paintNeed struct {
	Blocking             []string
	Bytes, Trips, Others int
}
