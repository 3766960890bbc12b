package browser_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	slowLatency   = 400    // ms
	slowThrough   = 50_000 // bytes a second
	maxFirstPaint = 1200   // ms, on that network
)

// On a slow network the page shows something soon.
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
	run(tab, t, "the page", chromedp.Navigate(s.base+"/"), holds(`performance.getEntriesByName("first-contentful-paint").length > 0`), holds(`document.querySelector("#view h1") !== null`))
	paint, err := chromedp.Run(tab, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0].startTime`))
	must(t, err)
	usable, err := chromedp.Run(tab, chromedp.Evaluate[float64](`performance.now()`))
	must(t, err)
	t.Logf("first paint after %.0f ms, the view after %.0f ms at most", paint, usable)
	if paint > maxFirstPaint {
		t.Errorf("first paint after %.0f ms, want at most %d", paint, maxFirstPaint)
	}
}
