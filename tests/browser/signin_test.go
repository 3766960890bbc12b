package browser_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A wrong token says so, and the right one leads to where the person was going.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := startSystem(t)
	job := s.finishJob(t)
	tab := openBrowser(t, consoleOfFaults...)
	run(tab, t, "a token is asked for", chromedp.Navigate(s.base+"/#read="+job), chromedp.WaitVisible(css("#token")),
		chromedp.SendKeys(css("#token"), "not a token"+kb.Enter), holds(`document.getElementById("token-wrong").textContent.includes("wrong or has expired")`),
		holds(`document.activeElement.id === "token" && document.activeElement.getAttribute("aria-invalid") === "true"`))
	run(tab, t, "the right one", chromedp.SetValue(css("#token"), ownerToken(t)), chromedp.KeyEvent(kb.Enter),
		holds(`document.querySelector("#view h1")?.textContent === "What was read"`), holds(`location.hash === "#read=`+job+`"`))
}

// A sign-in that is lost in the middle of an edit is asked for above the view, and the edit is made.
func TestSignInLost(t *testing.T) {
	t.Parallel()
	real := startSystem(t)
	job := real.finishJob(t)
	s, p := startProxy(t, real)
	tab := openBrowser(t, consoleOfFaults...)
	openPage(tab, t, s, "/#read="+job)
	p.setRule("PATCH /api/timeline/status/", failWith(http.StatusUnauthorized, "unauthorized"))
	const row = `tr[data-key="COMP 232 1"]`
	run(tab, t, "an edit", press("#show-rows"), press(row+" button"), chromedp.WaitVisible(css("dialog")),
		press(`dialog label:nth-of-type(4) input`), press(`dialog button[value="yes"]`),
		chromedp.WaitVisible(css("#token")), holds(`document.querySelector("dialog h2").textContent === "Sign in again"`))
	p.setRule("PATCH /api/timeline/status/", nil)
	run(tab, t, "and it is made", chromedp.SendKeys(css("#token"), ownerToken(t)+kb.Enter), holds(`document.querySelector("dialog") === null`),
		holds(`document.querySelector('`+row+` .state').textContent === "Exempted"`), holds(`location.hash === "#read=`+job+`"`))
}

// The ways in are those that the API names.
func TestSignInWays(t *testing.T) {
	t.Parallel()
	s, p := startProxy(t, startSystem(t))
	tab := openBrowser(t, consoleOfFaults...)
	session := func(body string) {
		p.setRule("GET /api/session", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		})
	}
	session(`{"mode":"oidc","signedIn":false,"guest":false,"name":"","loginUrl":"/api/auth/login","guests":true}`)
	run(tab, t, "a provider and guests", chromedp.Navigate(s.base+"/#saved"), chromedp.WaitVisible(css(".choices a.button")),
		holds(`document.querySelector(".choices a").getAttribute("href") === "/api/auth/login?return=" + encodeURIComponent("/#saved")`),
		holds(`document.querySelectorAll(".choices button").length === 1 && !document.getElementById("token")`))
	run(tab, t, "a provider that failed", chromedp.Navigate(s.base+"/?signin=sign_in_unavailable"), chromedp.WaitVisible(css("#alert")),
		holds(`document.getElementById("alert").textContent.includes("Signing in is not possible")`), holds(`location.search === ""`))
	run(tab, t, "my plans", chromedp.Evaluate[chromedp.Void](`location.hash = "#saved"`), chromedp.WaitVisible(css(".choices a.button")))
	session(`{"mode":"oidc","signedIn":true,"guest":false,"name":"Ann <b>","loginUrl":"/api/auth/login","guests":true}`)
	p.setRule("GET /api/timelines", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"timelines":[]}`))
	})
	p.setRule("GET /api/me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"timelines":[]}`))
	})
	p.setRule("DELETE /api/me", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	run(tab, t, "an account", chromedp.Reload(), holds(`document.getElementById("account").textContent === "Ann <b>"`), press("#account"),
		chromedp.WaitVisible(css("dialog")), press("dialog .danger"), holds(`document.querySelector("dialog h2")?.textContent === "Delete everything?"`),
		press(`dialog button[value="yes"]`), holds(`document.getElementById("announcement").textContent === "Everything is deleted."`))
	if n := p.requests("DELETE /api/me"); n != 1 {
		t.Errorf("%d requests to delete everything, want 1", n)
	}
}
