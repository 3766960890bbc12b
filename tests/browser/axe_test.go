package browser_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// axeSource is the program of axe-core, which hack/deps.sh browser installs.
var axeSource = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), ".bin", "axe.min.js"))
	return string(source), err
})

// violation is a rule of axe that a view breaks, and where.
type violation struct {
	ID    string
	Help  string
	Nodes []string
}

const runAxe = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
	.then((found) => found.violations.map((v) => ({ ID: v.id, Help: v.help, Nodes: v.nodes.map((n) => n.html.slice(0, 200) + " " + (n.any[0]?.message ?? "")) })))`

// checkAxe reports what axe finds in the present view, light and dark, on a phone and on a desktop.
func checkAxe(tab context.Context, t *testing.T, what string) {
	t.Helper()
	source, err := axeSource()
	if err != nil {
		testenv.SkipMissing(t, "axe-core", "make test-browser, or hack/deps.sh browser")
	}
	defer run(tab, t, "the usual window", chromedp.EmulateViewport(1280, 900), withScheme("light"))
	run(tab, t, "axe", chromedp.Evaluate[chromedp.Void](source+"; undefined"))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 1280} {
			run(tab, t, "a window", chromedp.EmulateViewport(width, 900), withScheme(scheme),
				holds(`document.getAnimations().every((a) => a.playState !== "running")`))
			found, err := chromedp.Run(tab, chromedp.Evaluate[[]violation](runAxe, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("axe in %s: %v", what, err)
			}
			for _, v := range found {
				t.Errorf("%s, %s, %d px: %s (%s)\n\t%s", what, scheme, width, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
			}
			over, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`document.documentElement.scrollWidth <= document.documentElement.clientWidth ? []
				: [...document.querySelectorAll("#view *, header *")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 5).map((e) => e.outerHTML.slice(0, 200))`))
			if err != nil || len(over) > 0 {
				t.Errorf("%s, %d px: the page scrolls sideways (%v):\n\t%s", what, width, err, strings.Join(over, "\n\t"))
			}
		}
	}
}

// withScheme makes the page light or dark.
func withScheme(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

func TestAccessible(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t, consoleOfFaults...)
	for _, state := range viewStates(tab, t, s) {
		state.open()
		checkAxe(tab, t, state.name)
	}
}
