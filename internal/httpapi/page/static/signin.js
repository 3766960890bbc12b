// Signing in, by what the API says of itself: a provider, a guest, or a token; and what an account can do.

import * as api from "./api.js";
import { $, ask, downloadFile, make, openDialog } from "./dom.js";
import { button, cancelButton, markWrong } from "./parts.js";
import { announce, navigate, showProblem } from "./shell.js";
import { problemText, t } from "./text.js";

// session is {mode, signedIn, guest, name, loginUrl, guests}.
let session;
let asked = null; // the request that is under way

// loadSession reads the session, and shows whose it is at the top of the page.
export function loadSession() {
  asked ??= api.getSession().then((answer) => {
    session = answer;
    $("account").hidden = session.mode !== "open" && !session.signedIn;
    $("account").textContent = accountName();
    return session;
  }).finally(() => { asked = null; });
  return asked;
}

const accountName = () => (session.guest ? t("signin.guestName") : session.name || t("signin.account"));

// isSignedOut reports whether the API says that nobody is signed in. Without an answer the next request will tell.
export async function isSignedOut() {
  if (session === undefined) await loadSession().catch(() => {});
  return Boolean(session && session.mode !== "open" && !session.signedIn && !api.hasToken());
}

// signInView is the page for somebody who is not signed in.
export function signInView(onDone) {
  const node = make("div.panel.signin", make("h1", { tabIndex: -1 }, t("signin.title")),
    make("p.lead", t("signin.lead")), choices({ onDone, canLeave: true }));
  return { node, title: t("signin.title"), canLeave: true };
}

let asking = null; // one dialog for all requests that wait

// signInAgain asks for a sign-in above the present view, which stays as it is. It resolves to whether there was one.
// Unless canLeave, the provider is opened in a tab of its own, because this one holds what is not sent yet.
export function signInAgain(canLeave) {
  asking ??= new Promise((resolve) => {
    const dialog = openDialog({
      title: t(canLeave ? "signin.title" : "signin.again"),
      className: "signin",
      body: [make("p", t(canLeave ? "signin.lead" : "signin.againText")),
        // A tab in the background closes its dialog when it is shown again: what waits is sent before.
        choices({ canLeave, onDone: () => { end(true); dialog.close(); } })],
      onClose: () => end(false),
    });
    const end = (isDone) => {
      if (dialog.isOver) return;
      dialog.isOver = true;
      asking = null;
      resolve(isDone);
    };
    dialog.querySelector("input, a, button")?.focus();
  });
  return asking;
}

// choices are the ways in. The form of the token is the way of an API that does not say.
function choices({ onDone, canLeave }) {
  const place = make("div.choices");
  const draw = () => {
    if (session?.mode === "oidc") {
      place.replaceChildren(canLeave ? signInLink() : make("a.button", { href: session.loginUrl, target: "_blank", onclick: () => watch(place, onDone) }, t("signin.providerTab")));
    } else {
      place.replaceChildren(tokenForm(onDone));
    }
    // A guest is somebody else: what waits to be sent again would not be theirs.
    if (session?.guests && canLeave) {
      place.append(make("p", button(t("signin.guest"), () => enterAsGuest(onDone), { class: "quiet" })),
        make("p.hint", t("signin.guestHint")));
    }
  };
  draw();
  if (session === undefined) loadSession().then(draw, () => {});
  return place;
}

// signInLink goes to the provider, which sends the browser back to the present view.
const signInLink = () => make("a.button", { href: `${session.loginUrl}?return=${encodeURIComponent(location.pathname + location.hash)}` }, t("signin.provider"));

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
  const wrong = make("p.wrong", { id: "token-wrong", role: "alert" });
  const check = async () => {
    markWrong(input, wrong, "");
    if (!input.value.trim()) return input.focus();
    api.setToken(input.value);
    try {
      await api.checkToken();
      await loadSession();
      onDone();
    } catch (error) {
      if (error.status === 401) {
        api.forgetToken();
        markWrong(input, wrong, t("signin.tokenWrong"));
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
  return make("div.field", { id: "token-form" },
    make("label", { for: "token" }, t("signin.token")), input,
    make("p.hint", { id: "token-help" }, t("signin.tokenHint")), wrong,
    button(t("signin.continue"), check));
}

// accountDialog is what the person can do about herself here.
export function accountDialog() {
  const act = (key, className, action) => button(t(key), action, { class: className });
  const dialog = openDialog({
    title: accountName(),
    body: [
      session.guest && make("p", t("signin.guestHint")), session.guest && session.loginUrl && make("p", signInLink()),
      make("h3", t("signin.data")),
      make("p", t("signin.dataText")),
      make("p.actions", act("signin.export", "quiet", exportData), act("signin.erase", "quiet danger", () => { dialog.close(); eraseData(); })),
    ],
    actions: [
      cancelButton("page.dismiss"),
      session.mode !== "open" && act("signin.out", "", () => { dialog.close(); signOut(); }),
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
    await loadSession();
    await navigate("/", { replace: true, force: true });
    announce(t("signin.erased"));
  } catch (error) {
    showProblem(error, eraseData);
  }
}

async function signOut() {
  try {
    api.forgetToken();
    const answer = await api.postSession("/api/auth/logout");
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
