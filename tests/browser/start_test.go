package browser_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestStart(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	tab := openBrowser(t)
	openPage(tab, t, s, "/")
	run(tab, t, "a plan from the form",
		setValue("degree", "BEng in Software Engineering"), setValue("first-season", "Fall"), setValue("first-year", firstYear()),
		chromedp.Click(css(`input[name="isCoop"]`)), chromedp.Click(css("#plan-form button.main")),
		holds(`location.hash.startsWith("#job=")`), holds(`document.getElementById("result") !== null`),
		holds(`document.getElementById("result").textContent.includes("Co-op")`))
	run(tab, t, "a reload shows the same plan", chromedp.Reload(), holds(`document.getElementById("result") !== null`))
	run(tab, t, "a document", chromedp.Click(css("#nav-new")), chromedp.WaitVisible(css("#upload-form")),
		holds(`location.hash === ""`), chromedp.SetUploadFiles(css("#file"), []string{transcript()}), chromedp.Click(css("#upload-form button.main")),
		holds(`location.hash.startsWith("#job=") || location.hash.startsWith("#read=")`), holds(isShown))

	wrong := filepath.Join(t.TempDir(), "picture.pdf")
	must(t, os.WriteFile(wrong, []byte("GIF89a"), 0o600))
	run(tab, t, "a file that is no PDF is not sent", chromedp.Click(css("#nav-new")), chromedp.WaitVisible(css("#upload-form")),
		chromedp.SetUploadFiles(css("#file"), []string{wrong}), chromedp.Click(css("#upload-form button.main")),
		holds(`document.getElementById("file-wrong").textContent.includes("not a PDF")`), holds(`document.activeElement.id === "file"`))
}
