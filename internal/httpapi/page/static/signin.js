// Signing in, by what the API says of itself: a provider, a guest, or a token; and what an account can do.

import * as api from "./api.js";
import { ask, downloadFile, make, openDialog } from "./dom.js";
import { announce, navigate, showProblem } from "./shell.js";
import { problemText, t } from "./text.js";

// session is {mode, signedIn, guest, name, loginUrl, guests}, or null where the API has none: there it is learned from
// the first refusal.
let session;
let asked = null; // the request that is under way

export function loadSession() {
  asked ??= api.getSession().then((answer) => { session = answer; return answer; }).finally(() => { asked = null; });
  return asked;
}

// isSignedOut reports whether the API says that nobody is signed in. Without an answer the next request will tell.
export async function isSignedOut() {
  if (session === undefined) await loadSession().catch(() => {});
  return Boolean(session && session.mode !== "open" && !session.signedIn && !api.hasToken());
}

// signInView is the page for somebody who is not signed in.
export function signInView(onDone) {
  const node = make("div", { class: "panel signin" }, make("h1", { tabIndex: -1 }, t("signin.title")),
    make("p", { class: "lead" }, t("signin.lead")), choices({ onDone, canLeave: true }));
  return { node, title: t("signin.title"), canLeave: true };
}

let asking = null; // one dialog for all requests that wait

// signInAgain asks for a sign-in above the present view, which stays as it is. It resolves to whether there was one.
// Unless canLeave, the provider is opened in a tab of its own, because this one holds what is not sent yet.
export function signInAgain({ canLeave, onSignedIn }) {
  asking ??= new Promise((resolve) => {
    let done = false;
    const dialog = openDialog({
      title: t(canLeave ? "signin.title" : "signin.again"),
      className: "signin",
      body: [make("p", {}, t(canLeave ? "signin.lead" : "signin.againText")),
        choices({ canLeave, onDone: () => { done = true; dialog.close(); } })],
      onClose() {
        asking = null;
        if (done) onSignedIn();
        resolve(done);
      },
    });
    dialog.querySelector("input, a, button")?.focus();
  });
  return asking;
}

// choices are the ways in. The form of the token is the way of an API that does not say.
function choices({ onDone, canLeave }) {
  const place = make("div", { class: "choices" });
  const draw = () => {
    if (session?.mode === "oidc") {
      const address = session.loginUrl || "/api/auth/login";
      const back = canLeave ? `${address}?return=${encodeURIComponent(location.pathname + location.hash)}` : address;
      place.replaceChildren(make("a", { class: "button", href: back, target: canLeave ? null : "_blank", onclick: () => canLeave || watch(place, onDone) },
        t(canLeave ? "signin.provider" : "signin.providerTab")));
    } else {
      place.replaceChildren(tokenForm(onDone));
    }
    if (session?.guests) {
      place.append(make("p", {}, make("button", { type: "button", class: "quiet", onclick: () => enterAsGuest(onDone) }, t("signin.guest"))),
        make("p", { class: "hint" }, t("signin.guestHint")));
    }
  };
  draw();
  if (session === undefined) loadSession().then(draw, () => {});
  return place;
}

// watch looks now and then whether the sign-in in the other tab is done.
function watch(place, onDone) {
  const timer = setInterval(async () => {
    if (!place.isConnected) return clearInterval(timer);
    const now = await loadSession().catch(() => null);
    if (!now?.signedIn) return;
    clearInterval(timer);
    onDone();
  }, 2000);
}

async function enterAsGuest(onDone) {
  try {
    await api.postSession("/api/auth/guest");
    await loadSession();
    onDone();
  } catch (error) {
    showProblem(error);
  }
}

function tokenForm(onDone) {
  const input = make("input", { id: "token", type: "password", autocomplete: "off", spellcheck: false, required: true, "aria-describedby": "token-help token-wrong" });
  const wrong = make("p", { id: "token-wrong", class: "wrong", role: "alert" });
  const check = async () => {
    wrong.textContent = "";
    input.removeAttribute("aria-invalid");
    if (!input.value.trim()) return input.focus();
    api.setToken(input.value);
    try {
      await api.checkToken();
      await loadSession();
      onDone();
    } catch (error) {
      if (error.status === 401) {
        api.forgetToken();
        input.setAttribute("aria-invalid", "true");
        wrong.textContent = t("signin.tokenWrong");
      } else {
        wrong.textContent = problemText(error);
      }
      input.select();
    }
  };
  // The dialog around it is a form that Enter would close.
  input.addEventListener("keypress", (e) => {
    if (e.key !== "Enter") return;
    e.preventDefault();
    check();
  });
  return make("div", { id: "token-form", class: "field" },
    make("label", { for: "token" }, t("signin.token")), input,
    make("p", { id: "token-help", class: "hint" }, t("signin.tokenHint")), wrong,
    make("button", { type: "button", onclick: check }, t("signin.continue")));
}

// accountDialog is what the person can do about herself here.
export function accountDialog() {
  const name = session?.guest ? t("signin.guestName") : session?.name || t("signin.account");
  const act = (key, className, action) => make("button", { type: "button", class: className, onclick: action }, t(key));
  const dialog = openDialog({
    title: name,
    body: [
      session?.guest && make("p", {}, t("signin.guestHint")),
      make("h3", {}, t("signin.data")),
      make("p", {}, t("signin.dataText")),
      make("p", { class: "actions" }, act("signin.export", "quiet", exportData), act("signin.erase", "quiet danger", () => { dialog.close(); eraseData(); })),
    ],
    actions: [
      make("button", { value: "", class: "quiet" }, t("page.dismiss")),
      session?.mode !== "open" && act("signin.out", "", () => { dialog.close(); signOut(); }),
    ],
  });
}

async function exportData() {
  try {
    downloadFile("trackmydegree.json", "application/json", JSON.stringify(await api.exportMine(), null, 2));
  } catch (error) {
    showProblem(error, exportData);
  }
}

async function eraseData() {
  if (!(await ask({ title: t("signin.eraseTitle"), text: t("signin.eraseText"), yes: t("signin.erase"), no: t("page.cancel"), danger: true }))) return;
  try {
    await api.eraseMine();
    await navigate("/", { replace: true, force: true });
    announce(t("signin.erased"));
  } catch (error) {
    showProblem(error, eraseData);
  }
}

async function signOut() {
  try {
    api.forgetToken();
    const answer = session ? await api.postSession("/api/auth/logout") : null;
    if (answer?.logoutUrl) {
      location.assign(answer.logoutUrl); // the provider's own sign-out
      return;
    }
    await loadSession();
    await navigate("/", { force: true });
    announce(t("signin.outDone"));
  } catch (error) {
    showProblem(error, signOut);
  }
}
