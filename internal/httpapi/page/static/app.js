// The page: choose a document or fill in the form, wait, look at the timeline, keep it.

import * as api from "./api.js";
import { $, make } from "./dom.js";
import { focusResult, timeline } from "./timeline.js";

const states = {
  queued: "Waiting for a worker",
  processing: "Reading and building",
  retrying: "Something was not reachable: it is tried again by itself",
  done: "Done",
  failed: "Failed",
};

let current = null; // the job that is shown: its status, result and tag
let waiting = null; // aborts the job that is waited for
let afterSignIn = start;

function show(...visible) {
  for (const id of ["token-form", "start", "job", "result"]) $(id).hidden = !visible.includes(id);
}

function clearAlert() {
  $("alert").hidden = true;
}

// tell shows what went wrong, and what to do. An unknown caller is asked for a token.
function tell(error, again = start) {
  if (error.name === "AbortError") return;
  if (error instanceof api.Problem && error.status === 401) {
    api.forgetToken();
    afterSignIn = again;
    show("token-form");
    $("token").focus();
    return;
  }
  const alert = $("alert");
  alert.replaceChildren(make("p", {}, error instanceof api.Problem ? error.message : "Something went wrong in this page. Load it again."));
  if (error.fields?.length > 0) {
    alert.append(make("ul", {}, error.fields.map((f) => make("li", {}, f.field ? `${f.field}: ${f.message}` : f.message))));
  }
  if (error.closest?.length > 0) alert.append(make("p", {}, `The closest: ${error.closest.join("; ")}`));
  if (error.requestId) alert.append(make("p", { class: "hint" }, `Request ${error.requestId}`));
  alert.hidden = false;
  alert.focus();
  if (!(error instanceof api.Problem)) console.error(error);
}

async function start() {
  current = null;
  history.replaceState(null, "", location.pathname);
  try {
    const [all, saved] = await Promise.all([api.degrees(), api.timelines()]);
    const chosen = $("degree").value;
    $("degree").replaceChildren(...all.filter((d) => d.degreeType === "Standalone")
      .sort((a, b) => a.name.localeCompare(b.name))
      .map((d) => make("option", { value: d.id }, d.name)));
    if (chosen) $("degree").value = chosen;
    list(saved, false);
    show("start");
  } catch (error) {
    show();
    tell(error);
  }
}

// submit runs what makes a job, and then waits for the job.
async function submit(begin) {
  clearAlert();
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    show("job");
    progress(undefined, "Sending");
    const { jobId } = await begin(signal);
    await wait(jobId, signal);
  } catch (error) {
    show("start");
    tell(error);
  }
}

// progress shows how far the work is: from 0 to 1, or undefined when nobody can tell.
function progress(value, text) {
  const bar = $("job-progress");
  if (value === undefined) bar.removeAttribute("value");
  else bar.value = value;
  if ($("job-state").textContent !== text) $("job-state").textContent = text; // said once, not for each step
}

async function wait(id, signal) {
  show("job");
  history.replaceState(null, "", `#${id}`);
  $("job-cancel").onclick = async () => {
    waiting?.abort();
    try {
      await api.deleteJob(id);
    } catch {
      // It ends by itself.
    }
    start();
  };
  await api.follow(id, (job) => progress(undefined, states[job.status] ?? job.status), signal);
  const job = await api.job(id);
  if (job.status === "failed") {
    history.replaceState(null, "", location.pathname);
    throw new api.Problem(200, { detail: job.error.message, errors: job.error.errors, closest: job.error.closest });
  }
  present(job);
}

function present(job, focus = true) {
  current = job;
  $("result").replaceChildren(...timeline(job.data, { save, move, restart: start, forget }));
  show("result");
  if (focus) focusResult();
}

async function save(name) {
  clearAlert();
  try {
    const saved = await api.save(current.jobId, name);
    present(await api.job(current.jobId), false);
    announce(`Saved as “${saved.timelineName}”.`);
  } catch (error) {
    tell(error);
  }
}

let edits = Promise.resolve(); // one after the other: each names the version that the one before made

// move puts a course into a term, or with null out of every term where it is only planned. The server judges what that
// makes of the course.
function move(code, term) {
  clearAlert();
  edits = edits.then(async () => {
    const semesters = current.data.semesters.map((semester) => ({
      term: semester.term,
      courses: [
        ...semester.courses.filter((sitting) => sitting.code !== code || !isPlan(code, semester.term)),
        ...(semester.term === term ? [{ code }] : []),
      ],
    }));
    try {
      present(await api.edit(current.jobId, current.tag, { semesters }), false);
      announce(term ? `${code} is now in ${term}.` : `${code} is taken out.`);
    } catch (error) {
      // Another tab was faster: show what it made.
      if (error.status === 412) present(await api.job(current.jobId), false);
      tell(error);
    }
  }).catch(tell);
}

function isPlan(code, term) {
  const state = current.data.courses[code]?.status;
  return state?.status === "planned" && state.semester === term;
}

async function forget() {
  clearAlert();
  try {
    await api.deleteJob(current.jobId);
    await start();
    announce("The result is forgotten.");
  } catch (error) {
    tell(error);
  }
}

let announced = 0;

// announce says something to everybody, those who cannot see the page included.
function announce(text) {
  let line = $("announcement");
  if (!line) {
    line = make("p", { id: "announcement", role: "status", class: "toast" });
    document.body.append(line);
  }
  line.textContent = "";
  clearTimeout(announced);
  announced = setTimeout(() => {
    line.textContent = text; // a change is read out, the same text again is not
    announced = setTimeout(() => { line.textContent = ""; }, 8000);
  }, 50);
}

function list({ timelines, next }, append) {
  const rows = timelines.map((t) => {
    const row = make("li", { class: "row" },
      make("span", { class: "grow" }, make("strong", {}, t.timelineName || "Without a name"), " ",
        make("span", { class: "hint" }, `${t.degreeId} · ${new Date(t.updatedAt).toLocaleDateString()}`)),
      make("button", { type: "button", "aria-label": `Open ${t.timelineName}`, onclick: () => submit(() => api.load(t._id)) }, "Open"),
      make("button", { type: "button", "aria-label": `Delete ${t.timelineName}`, onclick: () => remove(t, row) }, "Delete"));
    return row;
  });
  if (append) $("saved-list").append(...rows);
  else $("saved-list").replaceChildren(...rows);
  $("saved-empty").hidden = $("saved-list").children.length > 0;
  $("saved-more").hidden = !next;
  $("saved-more").onclick = async () => {
    try {
      list(await api.timelines(next), true);
    } catch (error) {
      tell(error);
    }
  };
}

async function remove(timeline, row) {
  if (!confirm(`Delete “${timeline.timelineName}” permanently?`)) return;
  clearAlert();
  try {
    await api.deleteTimeline(timeline._id);
    row.remove();
    $("saved-empty").hidden = $("saved-list").children.length > 0;
    announce(`“${timeline.timelineName}” is deleted.`);
  } catch (error) {
    tell(error);
  }
}

function send(file) {
  submit((signal) => api.upload(file, (part) => progress(part, part < 1 ? "Uploading" : "Uploaded"), signal));
}

$("token-form").addEventListener("submit", (e) => {
  e.preventDefault();
  clearAlert();
  api.setToken($("token").value);
  $("token").value = "";
  afterSignIn();
});

$("upload-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const [file] = $("file").files;
  if (file) send(file);
});

$("plan-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const form = e.target;
  if (!form.reportValidity()) return;
  const fields = new FormData(form);
  submit(() => api.sendForm({
    degree: fields.get("degree"),
    firstTerm: `${fields.get("season")} ${fields.get("year")}`,
    isCoop: fields.has("isCoop"),
    isExtendedCreditProgram: fields.has("isExtendedCreditProgram"),
    ewtSatisfied: fields.has("ewtSatisfied"),
  }));
});

for (const name of ["dragenter", "dragover"]) {
  $("drop").addEventListener(name, (e) => { e.preventDefault(); $("drop").classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) {
  $("drop").addEventListener(name, (e) => { e.preventDefault(); $("drop").classList.remove("over"); });
}
$("drop").addEventListener("drop", (e) => {
  const [file] = e.dataTransfer.files;
  if (file) send(file);
});

$("year").value = new Date().getFullYear();

// An address with a job goes on with it: after a reload, and from a bookmark of the day.
async function resume() {
  const id = location.hash.slice(1);
  if (!/^[0-9a-f-]{36}$/.test(id)) return start();
  try {
    waiting = new AbortController();
    await wait(id, waiting.signal);
  } catch (error) {
    if (error.status === 401) return tell(error, resume);
    await start();
    tell(error);
  }
}

resume();
