// What was read of a document, to be corrected before it is used; and what to do when it could not be used.

import * as api from "./api.js";
import { make, openDialog, updateKeyed } from "./dom.js";
import { button, dialogActions, dotted, field, markWrong } from "./parts.js";
import { announce, failure, showProblem, supportIDs } from "./shell.js";
import { compareText, detailText, fieldTexts, formatNumber, formatTime, listOf, problemText, t, termName, warningText } from "./text.js";

const planAddress = (id) => `/#job=${id}`;

// Timelines write terms in capitals, Spring as Summer, and all work terms as CWT.
const timelineTerm = (term) => (term ?? "").toUpperCase().replace(/^SPRING/, "SUMMER");
const timelineCode = (code) => code.replace(/^CWT[EC] /, "CWT ");

// readView is null for a job that is not done: it has another view.
export async function readView(id) {
  const [reading, first] = await Promise.all([
    api.getReading(id).catch((error) => {
      if (error.status === 404) return null;
      throw error;
    }),
    api.getJob(id),
  ]);
  if (first.status !== "done") return null;
  let job = first;
  const onward = () => make("p.actions", make("a.button.main", { href: planAddress(id) }, t("read.continue")));
  const head = make("div", make("h1", { tabIndex: -1 }, t("read.title")));
  if (!reading) {
    head.append(make("p.lead", t("read.gone")), onward());
    return { node: head, title: t("read.title") };
  }

  const groups = make("div");
  const added = []; // rows that the person added, shown with the others
  const warningsOf = (row) => reading.warnings.filter((w) => w.course === row.code && timelineTerm(w.term) === timelineTerm(row.term));
  const draw = () => {
    const rows = [...reading.rows, ...added];
    const terms = [...new Set(rows.map((row) => row.term ?? ""))];
    updateKeyed(groups, terms, (term) => `term ${term}`, (term, old) => {
      const own = rows.filter((row) => (row.term ?? "") === term);
      const group = old ?? termGroup(term, own.some((row) => warningsOf(row).length > 0));
      group.querySelector(".hint").textContent = t("read.group", { count: own.length, credits: own.reduce((sum, row) => sum + row.credits, 0) });
      const seen = new Map(); // the same course may stand twice in a term
      updateKeyed(group.querySelector("tbody"), own, (row) => {
        const times = (seen.get(row.code) ?? 0) + 1;
        seen.set(row.code, times);
        return `${row.code} ${times}`;
      }, line);
      return group;
    });
  };

  // termGroup is the closed table of a term; one with something to check is open.
  function termGroup(term, isDoubtful) {
    const heads = ["read.course", "read.creditsColumn", "read.pageColumn", "read.counted"].map((key) => make("th", { scope: "col" }, t(key)));
    return make("details.panel", { open: isDoubtful },
      make("summary", make("h2", term ? termName(term) : t("read.noTerm")), make("span.hint"), isDoubtful && make("strong.check", t("read.check"))),
      make("table.read", make("thead", make("tr", heads, make("th", { scope: "col" }, make("span.unseen", t("read.mend"))))), make("tbody")));
  }

  // line is one row: what the document says, and what the plan makes of it.
  function line(row, old) {
    const state = stateOf(row);
    if (old) {
      old.className = `is-${state.status}`;
      old.querySelector(".state").textContent = state.word;
      return old;
    }
    return make("tr", { class: `is-${state.status}` },
      make("th", { scope: "row" }, make("strong", row.code), " ", make("span.title", row.title ?? ""),
        warningsOf(row).map((w) => make("span.note", warningText(w, false)))),
      make("td.number", formatNumber(row.credits)),
      make("td.number", row.page ?? "–"),
      make("td.state", state.word),
      make("td", button(t("read.mend"), () => mend(row), { class: "small quiet", "aria-label": t("read.mendLabel", { code: row.code, term: row.term ? termName(row.term) : t("read.noTerm") }) })));
  }

  // stateOf is what the plan says of a row now.
  function stateOf(row) {
    const course = job.data.courses[timelineCode(row.code)];
    const isThere = !row.term || job.data.semesters.some((s) => s.term === timelineTerm(row.term) && s.courses.some((c) => c.code === timelineCode(row.code)));
    if (!course || !(isThere || course.status.via)) return { status: "other", word: t("read.stateNone") };
    if (course.status.via) return { status: "completed", word: t(course.status.via === "transfer" ? "read.elsewhere" : "read.exempted") };
    const { status } = course.status;
    return { status, word: t(`read.state${status[0].toUpperCase()}${status.slice(1)}`) };
  }

  async function change(changes, said, retry) {
    try {
      const { tag } = await api.editJob(id, job.tag, changes);
      job = await api.getJob(id);
      job.tag ??= tag;
      draw();
      announce(said);
      return true;
    } catch (error) {
      if (error.status === 412) job = await api.getJob(id).catch(() => job);
      draw();
      showProblem(error, retry);
      return false;
    }
  }

  // mend asks what is right about a row, and edits the plan accordingly.
  function mend(row) {
    const course = timelineCode(row.code);
    const term = timelineTerm(row.term);
    const words = { code: row.code, term: row.term ? termName(row.term) : "" };
    const options = [
      term && ["read.asCompleted", [{ op: "markCourse", course, as: "completed", term }]],
      term && ["read.asIncomplete", [{ op: "markCourse", course, as: "incomplete", term }]],
      ["read.asTransferred", [{ op: "markCourse", course, as: "transferred" }]],
      ["read.asExempted", [{ op: "markCourse", course, as: "exempted" }]],
      term && ["read.removed", [{ op: "removeCourse", course, term }]],
    ].filter(Boolean);
    const radios = options.map(([key], i) => make("label.choice", make("input", { type: "radio", name: "mend", value: String(i) }), " ", t(key, words)));
    const dialog = openDialog({
      title: t("read.mendTitle", words),
      body: make("fieldset.choices", make("legend", t("read.mendText")), radios),
      actions: dialogActions(t("read.apply")),
      onClose(value) {
        const chosen = value === "yes" && dialog.querySelector("input:checked");
        if (chosen) change(options[Number(chosen.value)][1], t("read.applied", words), () => mend(row));
      },
    });
  }

  // add puts in a course that was not read.
  function add() {
    const code = make("input", { id: "add-code", autocomplete: "off", spellcheck: false, maxLength: 10, "aria-describedby": "add-code-hint add-code-wrong" });
    const wrong = make("p.wrong", { id: "add-code-wrong", role: "alert" });
    const terms = [...new Set(reading.rows.map((row) => row.term).filter(Boolean))];
    const term = make("select", { id: "add-term" }, terms.map((name) => make("option", { value: name, selected: name === terms.at(-1) }, termName(name))));
    const dialog = openDialog({
      title: t("read.addTitle"),
      body: [
        field(t("read.addCode"), code), make("p.hint", { id: "add-code-hint" }, t("read.addCodeHint")), wrong,
        field(t("read.addTerm"), term),
      ],
      actions: dialogActions(t("read.add")),
    });
    dialog.querySelector("form").addEventListener("submit", async (e) => {
      if (e.submitter?.value !== "yes") return;
      e.preventDefault();
      const [, letters, number] = /^\s*([a-z]{2,4})\s*(\d{3,4})\s*$/i.exec(code.value) ?? [];
      if (!letters) {
        markWrong(code, wrong, t("read.addCodeWrong"));
        return;
      }
      const name = `${letters.toUpperCase()} ${number}`;
      const row = { code: name, term: term.value, title: "", credits: 0 };
      dialog.close();
      if (!(await change([{ op: "markCourse", course: name, as: "completed", term: timelineTerm(term.value) }], t("read.added", { code: name }), add))) return;
      const known = job.data.courses[name];
      added.push({ ...row, title: known?.title ?? "", credits: known?.credits ?? 0 });
      draw();
    });
    code.focus();
  }

  const isWhole = reading.rowsRead >= reading.rowsSeen;
  const differs = reading.creditsPrinted !== undefined && reading.creditsPrinted !== reading.creditsRead;
  head.append(make("p.lead", t("read.lead")),
    make("ul.figures",
      make("li", { class: isWhole ? "good" : "bad" }, make("strong", t("read.rows", { read: reading.rowsRead, count: reading.rowsSeen })), make("span", t(isWhole ? "read.allRows" : "read.someRows"))),
      make("li", { class: differs ? "bad" : "good" }, make("strong", reading.creditsPrinted === undefined
        ? t("read.creditsAlone", { read: reading.creditsRead }) : t("read.credits", { read: reading.creditsRead, printed: reading.creditsPrinted })),
      differs && make("span", t("read.creditsDiffer")))));
  const warnings = reading.warnings.length > 0 && make("section.panel.warnings", { "aria-labelledby": "read-warnings" },
    make("h2", { id: "read-warnings" }, t("read.warningsTitle")), make("ul", warningItems(reading.warnings)));
  const showAll = button(t("read.showAll"), toggleAll, { class: "small quiet", id: "show-rows" });
  function toggleAll() {
    const all = [...groups.querySelectorAll("details")];
    const open = all.some((group) => !group.open);
    for (const group of all) group.open = open;
    showAll.textContent = t(open ? "read.hideAll" : "read.showAll");
  }
  draw();
  const node = make("div.reading", head, warnings, onward(),
    make("p.actions", showAll, button(t("read.add"), add, { class: "small quiet", id: "add-course" })), groups);
  return { node, title: t("read.title") };
}

// warningItems are the warnings as a list: those about averages in one, since they are about one row mostly.
function warningItems(warnings) {
  const averages = warnings.filter((w) => w.code === "gpa_differs" && w.expected);
  const names = averages.map((w) => (w.term ? termName(w.term) : t("read.overall")));
  const printed = (value) => (Number.isNaN(Number(value)) ? value : Number(value)); // numbers are written by the language
  const hint = (w) => dotted(w.page && t("read.page", { page: w.page }),
    w.expected && w.found && t("read.expectedFound", { expected: printed(w.expected), found: printed(w.found) }));
  return [
    ...warnings.filter((w) => !averages.includes(w)).map((w) => make("li", warningText(w), " ", make("span.hint", hint(w)))),
    averages.length > 0 && make("li", t("read.averages", { terms: listOf(names) })),
  ];
}

// failedView says why a job failed and what to do; where only the degree is missing, it asks for it. onAnswered gets the
// id of the job that runs again.
export function failedView(job, onAnswered) {
  return job.answerable?.kind === "degree" ? degreeView(job, onAnswered) : brokenView(job);
}

function brokenView({ error, jobId, traceId }) {
  const text = problemText(error);
  const node = make("section.panel.narrow", make("h1", { tabIndex: -1 }, t("read.failedTitle")),
    make("p.lead", { id: "failure" }, text),
    detailText(error, text) && make("p.hint", detailText(error, text)),
    error.errors?.length > 0 && make("ul", fieldTexts({ fields: error.errors }, true).map((text) => make("li", text))),
    supportIDs({ job: jobId, trace: traceId }),
    make("p.actions", make("a.button.main", { href: "/" }, t("read.failedAgain"))));
  return { node, title: t("read.failedTitle"), canLeave: true };
}

function degreeView(job, onAnswered) {
  const { answerable } = job;
  const radio = (id, name) => make("label.choice", make("input", { type: "radio", name: "degree", value: id, required: true }), " ", name);
  const other = make("select", { id: "other-degree" }, make("option", { value: "" }, t("start.degreeChoose")));
  const state = make("div");
  const wrong = make("p.wrong", { role: "alert" });
  const form = make("form", { id: "degree-form", noValidate: true },
    answerable.degrees.length > 0 && make("fieldset.choices", make("legend", t("read.degreeClosest")), answerable.degrees.map((d) => radio(d.id, d.name))),
    field(t(answerable.degrees.length > 0 ? "read.degreeOther" : "start.degree"), other), state, wrong,
    make("button.main", t("read.degreeContinue")));
  other.addEventListener("change", () => { for (const r of form.querySelectorAll("input")) r.checked = false; });
  form.addEventListener("change", (e) => { if (e.target.type === "radio") other.value = ""; });
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const degree = form.querySelector("input:checked")?.value || other.value;
    wrong.textContent = degree ? "" : t("start.needDegree");
    if (!degree) return (form.querySelector("input") ?? other).focus();
    try {
      const { jobId } = await api.chooseDegree(job.jobId, degree);
      onAnswered(jobId ?? job.jobId);
    } catch (error) {
      showProblem(error);
    }
  });
  async function loadDegrees() {
    state.replaceChildren();
    try {
      const all = (await api.listDegrees()).filter((d) => d.degreeType === "Standalone").sort((a, b) => compareText(a.name, b.name));
      other.append(...all.map((d) => make("option", { value: d.id }, d.name)));
    } catch {
      state.replaceChildren(failure(t("start.degreesFailed"), loadDegrees));
    }
  }
  loadDegrees();
  const node = make("section.panel.narrow", make("h1", { tabIndex: -1 }, t("read.degreeTitle")),
    make("p.lead", t("read.degreeText")), make("p.hint", problemText(job.error)), form,
    make("p.hint", t("read.degreeUntil", { time: formatTime(answerable.until) })));
  return { node, title: t("read.degreeTitle") };
}
