package browser_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/tests/identity"
)

// The cookies of the API.
const (
	cookieSession = "tmd_session"
	cookieRenewal = "tmd_renewal"
)

// startSignIn starts tmd all with an identity provider and guests.
func startSignIn(t *testing.T) system {
	t.Helper()
	port, providerPort := testenv.FreePort(t), testenv.FreePort(t)
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	identity.StartProvider(t, providerPort, base)
	s := startSystemAt(t, port, append(identity.Settings(providerPort, base), "TMD_GUESTS=true")...)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	testenv.EventuallyWithin(t, time.Minute, "the provider is found", func() bool {
		res, err := client.Get(s.base + "/api/auth/login")
		must(t, err)
		res.Body.Close()
		return res.StatusCode == http.StatusSeeOther
	})
	return s
}

// enterPassword signs in on the provider's page. The form is sent after the answer to this step.
func enterPassword() []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{holds(fmt.Sprintf(`(() => {
		const name = document.getElementById("username"), password = document.getElementById("password");
		if (!name || !password) return false;
		[name.value, password.value] = [%q, %q];
		setTimeout(() => name.form.submit());
		return true;
	})()`, identity.Username, identity.Password))}
}

// deleteCookies ends what the browser holds, as the end of its time does.
func deleteCookies(s system, names ...string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, name := range names {
			if _, err := chromedp.Call(ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: name, URL: s.base}); err != nil {
				return err
			}
		}
		return nil
	})
}

// The whole life of an account in a browser: a guest plans and saves, signs in and keeps the plan, is renewed without
// noticing, loses the sign-in in the middle of an edit, takes everything along, deletes everything and signs out.
func TestAccount(t *testing.T) {
	s := startSignIn(t)
	tab := openBrowser(t, consoleOfFaults...)
	const account = `document.getElementById("account")?`
	const title = `document.querySelector("h1")?`
	step := func(name string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if !t.Run(name, func(t *testing.T) { run(tab, t, name, steps...) }) {
			t.FailNow()
		}
	}
	join := func(lists ...[]chromedp.Action[chromedp.Void]) (all []chromedp.Action[chromedp.Void]) {
		for _, list := range lists {
			all = append(all, list...)
		}
		return all
	}
	do := func(steps ...chromedp.Action[chromedp.Void]) []chromedp.Action[chromedp.Void] { return steps }

	step("a guest enters", chromedp.Navigate(s.base+"/"), press(".choices button"), chromedp.WaitVisible(css("#plan-form")),
		holds(account+`.textContent === "Guest" && !`+account+`.hidden`))
	step("a guest plans and saves", join(do(holds(`document.getElementById("degree").options.length > 5`), setValue("degree", "BEng in Software Engineering"),
		press("#plan-form button.main"), holds(`document.querySelector("#board .term") !== null`), holds(noneLoading)), savePlan("Plan of a guest"))...)
	step("a guest signs in and is where she was", join(do(press("#account"), press("dialog a.button")), enterPassword(),
		do(holds(title+`.textContent.startsWith("Plan of a guest")`), holds(account+`.textContent !== "Guest" && !`+account+`.hidden`)))...)
	step("the plan is hers", chromedp.Evaluate[chromedp.Void](`location.hash = "#saved"`),
		holds(`document.querySelector(".rows .name")?.textContent === "Plan of a guest"`))
	step("the session is renewed silently", deleteCookies(s, cookieSession), chromedp.Reload(),
		holds(`document.querySelector(".rows .name")?.textContent === "Plan of a guest"`), holds(`document.querySelector("dialog") === null`))

	step("a plan", press(".rows button"), holds(`document.querySelector("#board .term") !== null`), holds(noneLoading))
	opened := chromedp.WaitNewTarget(tab, func(info *target.Info) bool { return info.Type == "page" })
	step("a sign-in that is lost in the middle of an edit", deleteCookies(s, cookieSession, cookieRenewal),
		press("#left-COMP-248"), pickTerm("1"), press("#course-move"), holds(`document.querySelector("dialog h2")?.textContent === "Sign in again"`),
		holds(`document.querySelectorAll("dialog .choices button").length === 0`), chromedp.Click(css("dialog .choices a")))
	other, leave := chromedp.NewContext(tab, chromedp.WithTargetID(<-opened))
	defer leave()
	run(other, t, "the sign-in in another tab", enterPassword()...)
	step("the edit is made", holds(`document.getElementById("card-COMP-248") !== null`))
	_, err := chromedp.Call(tab, page.BringToFront, cdp.Empty{})
	must(t, err)
	step("the plan is there as it was", holds(`document.querySelector("dialog") === null`), holds(`document.activeElement.id === "move-COMP-248"`))

	dir := t.TempDir()
	_, err = chromedp.Call(tab, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir})
	must(t, err)
	step("everything is downloaded", press("#account"), press("dialog .actions button"))
	testenv.Eventually(t, "the export", func() bool {
		content, err := os.ReadFile(filepath.Join(dir, "trackmydegree.json"))
		return err == nil && strings.Contains(string(content), `"Plan of a guest"`) && strings.Contains(string(content), `"jobs"`)
	})
	step("everything is deleted, and the browser is signed out", press("dialog .danger"), holds(`document.querySelector("dialog h2")?.textContent === "Delete everything?"`),
		press(`dialog button[value="yes"]`), holds(`document.getElementById("announcement").textContent === "Everything is deleted."`),
		holds(title+`.textContent === "Sign in" && `+account+`.hidden && document.querySelector("dialog") === null`))
	step("nothing is left", join(do(chromedp.Navigate(s.base+"/#saved"), press(".choices a")), enterPassword(),
		do(holds(`location.hash === "#saved"`), holds(`document.querySelector(".saved")?.textContent.includes("Nothing saved yet")`)))...)
	step("she signs out, here and at the provider", press("#account"), press("dialog div.actions button:last-child"),
		holds(`location.origin !== `+strconv.Quote(s.base)))
	step("the browser is signed out", chromedp.Navigate(s.base+"/#saved"), holds(title+`.textContent === "Sign in" && `+account+`.hidden`))
}
