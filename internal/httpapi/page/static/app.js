// The page: which view belongs to the address, and what happens between views.

import * as api from "./api.js";
import { $, ask } from "./dom.js";
import { announce, clearProblem, navigate, setNavigator, showProblem } from "./shell.js";
import { currentLanguage, setLanguage, t } from "./text.js";
import { accountDialog, isSignedOut, loadSession, signInAgain, signInView } from "./signin.js";
import { planView } from "./plan.js";
import { failedView, readView } from "./read.js";
import { savedView } from "./saved.js";
import { startView } from "./start.js";
import { waitView } from "./wait.js";

let view = null; // {node, title, dispose?, hasUnsavedChanges?, isSending?}
let renders = 0; // the newest wins: an older one that is still loading shows nothing

const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

// routeOf reads an address. A bare id is that of a bookmark of an earlier page.
function routeOf(hash) {
  const [, name, id] = new RegExp(`^#(?:(job|read)=)?(${uuid})$`).exec(hash) ?? [];
  if (id) return { name: name ?? "job", id };
  return { name: hash === "#saved" ? "saved" : "start" };
}

async function viewOf(route) {
  if (await isSignedOut()) return signInView(() => render());
  switch (route.name) {
    case "job":
      return jobView(route.id);
    case "read":
      return (await readView(route.id)) ?? jobView(route.id);
    case "saved":
      return savedView({ openTimeline });
    default:
      return startView({ sendFile, sendForm, openTimeline });
  }
}

// jobView is the view of a job by its state.
async function jobView(id) {
  const job = await api.getJob(id);
  if (job.status === "failed") return failedView(job, (jobId) => showWait({ jobId, isDocument: true }));
  if (job.status !== "done") return newWaitView({ jobId: id, isDocument: job.kind === "file" });
  return planView({ job, tag: job.tag, savedId: job.data._id ?? null, savedVersion: null });
}

// render shows the view of the present address.
async function render({ focus = true } = {}) {
  const turn = ++renders;
  const route = routeOf(location.hash);
  $("main").setAttribute("aria-busy", "true");
  try {
    const next = await viewOf(route);
    if (turn !== renders) return next.dispose?.();
    show(next, focus);
  } catch (error) {
    if (turn !== renders) return;
    $("main").removeAttribute("aria-busy");
    if (error.status === 404 && route.id) {
      history.replaceState(null, "", "/");
      await render({ focus: false });
      showProblem(error);
      return;
    }
    showProblem(error, () => render());
  }
}

function show(next, focus = true) {
  view?.dispose?.();
  view = next;
  clearProblem();
  $("view").replaceChildren(next.node);
  $("main").removeAttribute("aria-busy");
  markPlace();
  setTitle(next.title);
  window.scrollTo(0, 0);
  if (focus) next.node.querySelector("h1")?.focus({ preventScroll: true });
}

// setTitle names the document by the view; a view whose name changes sends the event "titlechange".
function setTitle(title) {
  document.title = title ? `${title} · ${t("page.title")}` : t("page.title");
}

function markPlace() {
  const { name } = routeOf(location.hash);
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.route === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("language").disabled = Boolean(view?.isSending?.());
}

async function go(address, { replace = false, force = false } = {}) {
  if (!force && view?.hasUnsavedChanges?.()) {
    const leave = await ask({ title: t("page.leaveTitle"), text: t("page.leaveText"), yes: t("page.leave"), no: t("page.stay"), danger: true });
    if (!leave) return;
  }
  const url = new URL(address, new URL("/", location));
  history[replace ? "replaceState" : "pushState"](null, "", url.pathname + url.hash);
  await render();
}

// Waiting. begin sends what makes a job and resolves to {jobId}.
function newWaitView(options) {
  return waitView({
    ...options,
    onAccepted(id) {
      history.pushState(null, "", `/#job=${id}`);
      markPlace();
    },
    async onFinished(id) {
      if (options.isDocument && await wantsLook(id)) history.replaceState(null, "", `/#read=${id}`);
      await render();
    },
    onStopped() {
      announce(t("wait.stopped"));
      navigate("/", { replace: routeOf(location.hash).name !== "start", force: true });
    },
    async onRefused(error) {
      await render();
      showProblem(error);
    },
  });
}

function showWait(options) {
  renders++;
  show(newWaitView(options));
}

// wantsLook reports whether a person should compare what was read with the document before it is used.
async function wantsLook(id) {
  try {
    const [{ status }, reading] = await Promise.all([api.getJobState(id), api.getReading(id)]);
    return status === "done" && (reading.warnings.length > 0 || reading.rowsRead < reading.rowsSeen ||
      (reading.creditsPrinted !== undefined && reading.creditsPrinted !== reading.creditsRead));
  } catch {
    return false; // facts that are not kept
  }
}

function sendFile(file) {
  const key = api.newKey(); // the same for each try
  showWait({ isDocument: true, begin: (signal, onProgress) => api.uploadFile(file, { key, signal, onProgress }) });
}
const sendForm = (form) => showWait({ begin: (signal) => api.sendForm(form, signal) });
const openTimeline = (id) => showWait({ begin: (signal) => api.loadTimeline(id, signal) });

// The frame around the views.
function labelFrame() {
  for (const [id, key] of [["skip", "page.skip"], ["nav-new", "page.new"], ["nav-saved", "page.saved"], ["language", "page.language"], ["footer-text", "page.footer"]]) {
    $(id).textContent = t(key);
  }
  $("language").setAttribute("aria-label", t("page.languageLabel"));
  $("language").lang = currentLanguage() === "en" ? "fr" : "en";
  $("frame").hidden = false;
}

// Without an answer the account is not shown, and the next request says whether a sign-in is needed.
const showAccount = () => loadSession().catch(() => {});

// A link within the page is a step of its history, without loading the page again.
document.addEventListener("click", (e) => {
  const link = e.target.closest?.("a[href]");
  if (!link || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || link.target) return;
  if (link.id === "skip") {
    // By script, because the fragment is the address of the view.
    e.preventDefault();
    (document.querySelector("#view h1") ?? $("main")).focus();
    return;
  }
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== "/") return;
  e.preventDefault();
  go(url.pathname + url.hash);
});

// A file that misses its target must not replace the page.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (e) => { if (e.dataTransfer?.types.includes("Files")) e.preventDefault(); });
}

window.addEventListener("popstate", () => render());
window.addEventListener("beforeunload", (e) => { if (view?.hasUnsavedChanges?.()) e.preventDefault(); });
document.addEventListener("titlechange", (e) => setTitle(e.detail));

$("language").addEventListener("click", async () => {
  await setLanguage(currentLanguage() === "en" ? "fr" : "en");
  labelFrame();
  showAccount();
  await render({ focus: false });
});
$("account").addEventListener("click", () => accountDialog());

// showSignInFault tells of a sign-in with a provider that failed: the server sends the browser back with its code.
function showSignInFault() {
  const code = new URLSearchParams(location.search).get("signin");
  if (!code) return;
  history.replaceState(null, "", location.pathname + location.hash);
  showProblem(new api.Problem(0, { code, detail: t("problem.unauthorized") }));
}

setNavigator(go);
api.onUnauthorized(() => signInAgain(!view || view.canLeave === true));
labelFrame();
showAccount();
await render({ focus: false });
showSignInFault();
