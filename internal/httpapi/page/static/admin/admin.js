// The page of operators: queues, workers, jobs with their timelines, and the audit trail. A viewer sees no buttons, and
// the API refuses what a viewer asks for all the same.

import { getSession, hasToken, request, setToken } from "../api.js";
import { $, ask, make, updateKeyed } from "../dom.js";
import { ageOf, agoOf, secondsOf, timeOf } from "./format.js";

const refreshEvery = 5000;
const mostRounds = 50; // of a bulk retry, each of up to 200 jobs

let canChange = false;
const send = (method, path, body) => request(`/api/admin${path}`, { method, body }).then((answer) => answer.data);

function announce(text) { $("announcement").textContent = text; }

function showProblem(error) {
  const alert = $("alert");
  alert.hidden = !error;
  alert.textContent = error ? (error.code === "offline" ? "The server does not answer. The next try follows." : error.message) : "";
}

// run does something for the operator, and shows what fails.
async function run(action, done) {
  try {
    showProblem(null);
    const result = await action();
    if (done) announce(done);
    return result;
  } catch (error) {
    showProblem(error);
    return null;
  }
}

// grid is a table in a box of its own, which scrolls sideways on a narrow screen, also with the keyboard.
function grid(id, label, columns) {
  const body = make("tbody", { id });
  return make("div", { class: "scroll", role: "region", "aria-label": `Table: ${label}`, tabIndex: 0 },
    make("table", { class: "grid" }, make("thead", {}, make("tr", {}, columns.map((c) => make("th", { scope: "col" }, c)))), body));
}

const cell = (text, name) => make("td", { class: name }, text === "" || text === undefined ? "–" : String(text));
const figure = (n) => cell(n, "figure");
const button = (label, action, name = "quiet small", described) =>
  make("button", { type: "button", class: name, onclick: action, "aria-label": described }, label);
const section = (id, title, ...children) => make("section", { class: "panel", "aria-labelledby": id }, make("h2", { id }, title), ...children);
// change is a button that only those see who may change something.
const change = (...parameters) => canChange && button(...parameters);

// Queues and workers.

function queueRow(q) {
  const act = q.paused ? "resume" : "pause";
  return make("tr", {}, make("th", { scope: "row" }, q.name), figure(q.pending), figure(q.active), figure(q.retry), figure(q.scheduled),
    figure(q.pending ? secondsOf(q.oldestPendingSeconds) : "–"), cell(q.paused ? "paused" : "open", q.paused ? "bad" : null),
    canChange && make("td", {}, button(q.paused ? "Resume" : "Pause", () => changeQueue(q.name, act), "quiet small", `${act} ${q.name}`)));
}

async function changeQueue(name, act) {
  await run(() => send("POST", `/queues/${encodeURIComponent(name)}/${act}`), `${name}: ${act}d`);
  await refresh();
}

function workerRow(w) {
  return make("tr", {}, make("th", { scope: "row" }, w.host), figure(w.pid), figure(ageOf(w.started)), figure(w.running.length),
    cell(w.draining ? "draining" : "takes jobs"));
}

async function changeIntake(stop) {
  if (stop && !(await ask({
    title: "Stop the intake?", text: "Uploads are answered with 503 until it is opened again. Queued jobs are finished.", yes: "Stop the intake", no: "Cancel", danger: true,
  }))) return;
  await run(() => send(stop ? "POST" : "DELETE", "/drain"), stop ? "The intake is stopped." : "The intake is open.");
  await refresh();
}

// keepRows renders rows anew in their places, so that a button keeps its focus.
function keepRows(id, items, key, render) {
  const focused = document.activeElement?.getAttribute("aria-label");
  updateKeyed($(id), items, key, (item) => render(item));
  if (focused) [...$(id).querySelectorAll("button")].find((b) => b.getAttribute("aria-label") === focused)?.focus();
}

async function refresh() {
  const stats = await run(() => send("GET", "/queues"));
  if (!stats) return;
  keepRows("queues", stats.queues, (q) => q.name, queueRow);
  keepRows("workers", stats.workers, (w) => `${w.host} ${w.pid}`, workerRow);
  $("no-workers").hidden = stats.workers.length > 0;
  $("summary").textContent = `${stats.dead} dead jobs. ${stats.drainingSince ? `The intake is stopped since ${agoOf(stats.drainingSince)}.` : "The intake is open."}`;
  $("intake").replaceChildren(...[change(stats.drainingSince ? "Open the intake" : "Stop the intake", () => changeIntake(!stats.drainingSince))].filter(Boolean));
}

// Jobs.

const filterOf = () => {
  const filter = { state: [$("state").value], code: $("code").value.trim(), newerThan: $("newer").value.trim() };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value.length > 0));
};

function jobRow(j) {
  return make("tr", {}, make("th", { scope: "row" }, make("a", { href: `#job/${j.jobId}` }, j.jobId)), cell(j.kind), cell(j.queue), figure(j.attempt),
    figure(j.since ? ageOf(j.since) : "–"), cell(j.code), cell(j.worker));
}

let next = "";
async function listJobs(more) {
  const query = new URLSearchParams(filterOf());
  if (more && next) query.set("cursor", next);
  const page = await run(() => send("GET", `/jobs?${query}`));
  if (!page) return;
  const rows = page.jobs.map(jobRow);
  if (more) $("jobs").append(...rows);
  else $("jobs").replaceChildren(...rows);
  next = page.next ?? "";
  $("more").hidden = !next;
  $("no-jobs").hidden = $("jobs").children.length > 0;
}

// retryMatching retries every job of the filter, page by page, or says what that would do.
async function retryMatching(dryRun) {
  const total = { jobs: 0, failed: [] };
  for (let cursor = "", round = 0; round < mostRounds; round++) {
    const report = await run(() => send("POST", "/jobs/retry", { ...filterOf(), limit: 200, dryRun, ...(cursor && { cursor }) }));
    if (!report) break;
    total.jobs += report.jobs.length;
    total.failed.push(...report.failed);
    cursor = report.next ?? "";
    if (!cursor) break;
  }
  $("report").replaceChildren(
    make("p", {}, `${dryRun ? "Would be retried" : "Retried"}: ${total.jobs}. ${dryRun ? "Would be refused" : "Refused"}: ${total.failed.length}.`),
    make("ul", {}, total.failed.slice(0, 10).map((f) => make("li", {}, make("code", {}, f.jobId), ` ${f.detail}`))));
  if (!dryRun) await Promise.all([listJobs(), refresh(), listAudit()]);
}

// One job.

function lifeRow(e, i, life) {
  const after = i > 0 ? secondsOf(Math.max(0, (new Date(e.at) - new Date(life[i - 1].at)) / 1000)) : "";
  const text = e.event === "omitted" ? `(${e.omitted} events are not kept)` : e.event.replaceAll("_", " ");
  return make("tr", {}, make("td", {}, make("time", { dateTime: e.at }, timeOf(e.at))), figure(after), make("th", { scope: "row" }, text), figure(e.attempt),
    cell(e.code, e.code ? "bad" : null), cell(e.worker));
}

const facts = (pairs) => make("dl", { class: "facts" }, pairs.filter(([, value]) => value !== undefined && value !== "")
  .flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));

async function changeJob(id, method, rest, done) {
  await run(() => send(method, `/jobs/${encodeURIComponent(id)}${rest}`), done);
  await Promise.all([showJob(), listJobs(), listAudit(), refresh()]);
}

async function deleteJob(id) {
  const text = "Its document, record, result and task are deleted for good.";
  if (await ask({ title: "Delete this job?", text, yes: "Delete", no: "Cancel", danger: true })) await changeJob(id, "DELETE", "", "The job is deleted.");
}

async function showJob() {
  const place = $("job");
  const id = location.hash.match(/^#job\/([\w-]+)$/)?.[1];
  if (!id) return place.replaceChildren();
  const j = await run(() => send("GET", `/jobs/${encodeURIComponent(id)}`));
  if (!j) return place.replaceChildren();
  const timeline = grid("life", "The timeline of the job", ["At", "After", "Event", "Attempt", "Fault", "Worker"]);
  place.replaceChildren(section("job-title", `Job ${id}`,
    facts([["State", j.state || j.status], ["Owner", j.owner], ["Kind", j.kind], ["Queue", j.queue], ["Fault", j.code], ["Message", j.message],
      ["Document", j.documentKept === undefined ? "" : j.documentKept ? "kept: the job can run again" : "not kept: the owner has to upload it again"]]),
    j.life.length > 0 ? timeline : make("p", { class: "hint" }, "No timeline is stored for this job."),
    canChange && make("p", { class: "actions" }, button("Retry", () => changeJob(id, "POST", "/retry", "The job runs again."), "small"),
      button("Delete", () => deleteJob(id), "quiet danger small"))));
  $("life")?.replaceChildren(...j.life.map(lifeRow));
  $("job-title").tabIndex = -1;
  $("job-title").focus();
}

// The audit trail.

async function listAudit() {
  const trail = await run(() => send("GET", "/audit-trail?limit=20"));
  if (!trail) return;
  $("trail").replaceChildren(...trail.entries.map((e) => make("tr", {}, make("td", {}, make("time", { dateTime: e.at }, timeOf(e.at))),
    make("th", { scope: "row" }, e.operator || "–"), cell(e.action), cell(e.result, e.result === "done" ? null : "bad"), figure(e.changed), cell(e.target))));
  $("no-trail").hidden = trail.entries.length > 0;
}

// The whole page.

function draw() {
  const states = ["dead", "pending", "active", "retry", "scheduled"];
  $("view").replaceChildren(
    section("queues-title", "Queues and workers", make("p", { id: "summary" }), make("p", { id: "intake", class: "actions" }),
      grid("queues", "Queues", ["Queue", "Pending", "Active", "Retry", "Scheduled", "Oldest", "State", ...(canChange ? ["Change"] : [])]),
      grid("workers", "Workers", ["Worker", "Process", "Up", "Running", "State"]), make("p", { id: "no-workers", class: "bad", hidden: true }, "No worker runs.")),
    make("div", { id: "job" }),
    section("jobs-title", "Jobs",
      make("form", { class: "filter", onsubmit: (e) => { e.preventDefault(); listJobs(); } },
        make("div", { class: "field" }, make("label", { for: "state" }, "State"), make("select", { id: "state", onchange: () => listJobs() }, states.map((s) => make("option", {}, s)))),
        make("div", { class: "field" }, make("label", { for: "code" }, "Fault"), make("input", { id: "code", placeholder: "parser_unavailable", autocomplete: "off" })),
        make("div", { class: "field" }, make("label", { for: "newer" }, "Newer than"), make("input", { id: "newer", placeholder: "12h", autocomplete: "off" })),
        make("button", { class: "quiet" }, "Show"),
        change("Retry: dry run", () => retryMatching(true), "quiet"), change("Retry all that match", () => retryMatching(false), "")),
      make("div", { id: "report", role: "status" }),
      grid("jobs", "Jobs", ["Job", "Kind", "Queue", "Attempt", "Age", "Fault", "Worker"]),
      make("p", { id: "no-jobs", class: "hint", hidden: true }, "No job matches."),
      make("p", {}, make("button", { id: "more", type: "button", class: "quiet small", hidden: true, onclick: () => listJobs(true) }, "More"))),
    section("trail-title", "Audit trail", grid("trail", "Audit trail", ["At", "Operator", "Action", "Result", "Changed", "Target"]),
      make("p", { id: "no-trail", class: "hint", hidden: true }, "No operator has changed anything.")));
}

// signIn shows the way in, or why there is none.
function signIn(session, why) {
  const parts = [make("h2", {}, "Sign in"), make("p", {}, why)];
  if (session?.mode === "oidc") {
    parts.push(make("p", {}, make("a", { class: "button", href: `${session.loginUrl}?return=${encodeURIComponent("/admin")}` }, "Sign in")));
  } else {
    const input = make("input", { id: "token", type: "password", autocomplete: "off", required: true });
    parts.push(make("form", { class: "field", onsubmit: (e) => { e.preventDefault(); setToken(input.value); start(); } },
      make("label", { for: "token" }, "Access token"), input, make("button", {}, "Continue")));
  }
  $("view").replaceChildren(make("section", { class: "panel signin" }, parts));
  $("main").removeAttribute("aria-busy");
}

let timer = 0;
async function start() {
  const session = await run(getSession);
  if (!session) return;
  $("role").textContent = session.operator ? `${session.name ? `${session.name}, ` : ""}${session.operator}` : "";
  if (!session.operator) {
    const known = session.signedIn || hasToken();
    return signIn(session, known ? "Your account has neither the role admin nor the role viewer, or its token has expired." : "Operators sign in with the role admin, or viewer to look only.");
  }
  canChange = session.operator === "admin";
  draw();
  await Promise.all([refresh(), listJobs(), listAudit(), showJob()]);
  $("main").removeAttribute("aria-busy");
  clearInterval(timer);
  timer = setInterval(() => { if (!document.hidden) refresh(); }, refreshEvery);
}

addEventListener("hashchange", showJob);
start();
