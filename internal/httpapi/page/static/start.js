// The start: a document, a saved plan, or a form.

import * as api from "./api.js";
import { make } from "./dom.js";
import { field, markWrong } from "./parts.js";
import { failure } from "./shell.js";
import { compareText, t } from "./text.js";
import { savedList } from "./saved.js";

const largest = 10 * 1024 * 1024;
const seasons = ["Winter", "Summer", "Fall"];
const calendarOfDay = new Date();

let draft = null; // what was written into the form, for the way back to it

export function startView(app) {
  // Its place is there from the start, so that nothing moves when the list comes.
  const covers = make("details.how", { id: "covers" }, make("summary", t("start.coversAny")));
  const node = make("div.start.narrow",
    make("h1", { tabIndex: -1 }, t("start.title")), make("p.lead", t("start.lead"), " ", make("strong", t("start.unofficial"))),
    covers, uploadSection(app), savedSection(app), formSection(app, covers));
  return { node, title: "", canLeave: true, dispose: watchDrops(node, app) };
}

// checkFile returns what is wrong with a file before it is sent, or "".
async function checkFile(files) {
  if (files.length === 0) return t("start.noFile");
  if (files.length > 1) return t("start.oneFile");
  const [file] = files;
  if (file.size > largest) return t("start.tooLarge");
  if (file.size === 0) return t("start.emptyFile");
  // A reader skips what stands before the header, within the first kilobyte.
  const head = new TextDecoder("latin1").decode(await file.slice(0, 1024).arrayBuffer());
  return head.includes("%PDF") ? "" : t("start.notPdf");
}

let offer = () => {}; // gives files to the upload section that is shown

function uploadSection(app) {
  const input = make("input", { id: "file", type: "file", class: "unseen", accept: "application/pdf,.pdf", "aria-describedby": "file-hint file-wrong" });
  const name = make("span.file-name", { "aria-hidden": "true" }, t("start.nothing"));
  const wrong = make("p.wrong", { id: "file-wrong", role: "alert" });
  offer = async (files) => {
    const fault = await checkFile(files);
    markWrong(input, wrong, fault);
    if (!fault) app.sendFile(files[0]);
  };
  input.addEventListener("change", () => {
    markWrong(input, wrong, "");
    name.textContent = input.files[0]?.name ?? t("start.nothing");
  });
  const form = make("form", { id: "upload-form", noValidate: true },
    make("div.drop", { id: "drop" },
      // The browser's own words for a file field would be in its language, not in the page's.
      make("div.pick", input, make("label", { for: "file", class: "button quiet" }, t("start.file")), name),
      make("p.hint", { id: "file-hint" }, t("start.fileHint")), wrong,
      make("button.main", t("start.send"))));
  form.addEventListener("submit", (e) => { e.preventDefault(); offer([...input.files]); });
  return make("section.panel", { "aria-labelledby": "upload-title" },
    make("h2", { id: "upload-title" }, t("start.uploadTitle")), form,
    make("details.how", make("summary", t("start.howTitle")),
      make("ol", ["start.how1", "start.how2", "start.how3"].map((key) => make("li", t(key))))));
}

// watchDrops takes a file that is dropped anywhere on the window, and returns what ends that.
function watchDrops(node, app) {
  const isFile = (e) => e.dataTransfer?.types.includes("Files");
  const over = (e) => isFile(e) && node.classList.add("over");
  const leave = (e) => { if (!e.relatedTarget) node.classList.remove("over"); };
  const drop = (e) => {
    node.classList.remove("over");
    if (isFile(e) && !document.querySelector("dialog[open]")) offer([...e.dataTransfer.files]);
  };
  window.addEventListener("dragenter", over);
  window.addEventListener("dragleave", leave);
  window.addEventListener("drop", drop);
  return () => {
    window.removeEventListener("dragenter", over);
    window.removeEventListener("dragleave", leave);
    window.removeEventListener("drop", drop);
  };
}

// savedSection is there only when there is something to open; a list that fails says so and hides nothing else.
function savedSection(app) {
  const section = make("section.panel", { "aria-labelledby": "saved-title", hidden: true });
  const all = make("p", make("a", { href: "/#saved" }, t("start.savedAll")));
  section.append(make("h2", { id: "saved-title" }, t("start.savedTitle")), savedList({
    ...app, most: 3,
    onLoaded(count, more) { section.hidden = count === 0; all.hidden = !(count > 3 || more); },
  }), all);
  return section;
}

const option = (value, text, selected) => make("option", { value, selected }, text);

// termField is a season and a year. onInput runs when the person changes one of them.
function termField(name, [label, seasonLabel, yearLabel], { season, year }, onInput) {
  const thisYear = calendarOfDay.getFullYear();
  const years = Array.from({ length: 20 }, (_, i) => thisYear - 8 + i);
  const seasonSelect = make("select", { id: `${name}-season`, "aria-label": t(seasonLabel), onchange: onInput },
    seasons.map((s) => option(s, t(`term.${s.toLowerCase()}`), s === season)));
  const yearSelect = make("select", { id: `${name}-year`, "aria-label": t(yearLabel), onchange: onInput },
    years.map((y) => option(String(y), String(y), y === year)));
  return {
    node: make("fieldset", make("legend", t(label)), make("span.pair", seasonSelect, yearSelect)),
    value: () => ({ season: seasonSelect.value, year: Number(yearSelect.value) }),
    set(term) { seasonSelect.value = term.season; yearSelect.value = String(term.year); },
  };
}

const order = (term) => term.year * 3 + seasons.indexOf(term.season);
const nameOf = (term) => `${term.season} ${term.year}`;

// lastOf is the last term by default: four years, five with co-op or extended credit.
function lastOf(first, isLong) {
  const years = isLong ? 5 : 4;
  // A program that begins in fall ends in the winter, else in the term before its first one.
  if (first.season === "Fall") return { season: "Winter", year: first.year + years };
  return { season: first.season === "Winter" ? "Fall" : "Winter", year: first.year + years - (first.season === "Winter" ? 1 : 0) };
}

// formSection is the form; covers gets the list of degrees.
function formSection(app, covers) {
  let lastTouched = Boolean(draft?.lastTerm);
  const degree = make("select", { id: "degree", required: true, "aria-describedby": "degree-wrong" }, option("", t("start.degreeChoose")));
  const degreeWrong = make("p.wrong", { id: "degree-wrong", role: "alert" });
  const degreeState = make("div");
  const calendar = make("select", { id: "calendar" }, option("", t("start.calendarAuto")));
  const calendarField = field(t("start.calendar"), calendar);
  const check = (name, text) => {
    const box = make("input", { type: "checkbox", name, checked: draft?.[name] ?? false });
    return { box, node: make("label", box, " ", text) };
  };
  const coop = check("isCoop", t("start.coop"));
  const extended = check("isExtendedCreditProgram", t("start.extended"));
  const writing = check("ewtSatisfied", t("start.writing"));
  const suggest = () => { if (!lastTouched) last.set(lastOf(first.value(), coop.box.checked || extended.box.checked)); };
  const first = termField("first", ["start.firstTerm", "start.firstSeason", "start.firstYear"], draft?.first ?? { season: "Fall", year: calendarOfDay.getFullYear() }, suggest);
  const last = termField("last", ["start.lastTerm", "start.lastSeason", "start.lastYear"], draft?.last ?? lastOf(first.value(), false), () => { lastTouched = true; });
  const lastWrong = make("p.wrong", { id: "last-wrong", role: "alert" });
  const sequence = make("select", { id: "sequence" });
  const sequenceField = field(t("start.sequence"), sequence);
  const sequenceState = make("div");
  calendarField.hidden = sequenceField.hidden = true;
  coop.box.addEventListener("change", suggest);
  extended.box.addEventListener("change", suggest);
  sequence.addEventListener("change", () => { last.node.hidden = sequence.value !== ""; });

  async function loadDegrees() {
    degreeState.replaceChildren();
    try {
      const all = (await api.listDegrees(calendar.value)).filter((d) => d.degreeType === "Standalone").sort((a, b) => compareText(a.name, b.name));
      const chosen = degree.value || draft?.degree || "";
      degree.replaceChildren(option("", t("start.degreeChoose")), ...all.map((d) => option(d.id, d.name, d.id === chosen)));
      covers.replaceChildren(make("summary", t("start.covers", { count: all.length })), make("ul", all.map((d) => make("li", d.name))));
      if (degree.value) loadSequences();
    } catch (error) {
      if (error.status !== 401) degreeState.replaceChildren(failure(t("start.degreesFailed"), loadDegrees));
    }
  }

  async function loadCalendars() {
    const all = await api.listCalendars().catch(() => []); // the one of the first term holds without a choice
    calendar.append(...all.toReversed().map((c) => option(c.calendar, c.calendar)));
    calendarField.hidden = all.length < 2;
  }

  async function loadSequences() {
    const wanted = degree.value;
    sequenceField.hidden = true;
    last.node.hidden = false;
    sequenceState.replaceChildren();
    sequence.replaceChildren(option("", t("start.sequenceNone")));
    if (!wanted) return;
    try {
      const all = await api.listSequences(wanted, calendar.value);
      if (degree.value !== wanted) return;
      sequence.append(...all.map((s) => option(s.sequence, t("start.sequenceNamed", { name: s.sequence }))));
      sequenceField.hidden = all.length === 0;
    } catch (error) {
      if (error.status !== 401) sequenceState.replaceChildren(failure(t("start.sequencesFailed"), loadSequences));
    }
  }
  degree.addEventListener("change", () => {
    markWrong(degree, degreeWrong, "");
    loadSequences();
  });
  calendar.addEventListener("change", loadDegrees);

  const form = make("form", { id: "plan-form", noValidate: true },
    field(t("start.degree"), degree), degreeWrong, degreeState, calendarField,
    make("div.columns", first.node, last.node), lastWrong, sequenceField, sequenceState,
    make("p.checks", coop.node, extended.node, writing.node),
    make("button.main", t("start.build")));
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    if (!degree.value) {
      markWrong(degree, degreeWrong, t("start.needDegree"));
      return;
    }
    const isBackwards = !sequence.value && order(last.value()) < order(first.value());
    lastWrong.textContent = isBackwards ? t("start.lastBeforeFirst") : "";
    if (isBackwards) return last.node.querySelector("select").focus();
    draft = {
      degree: degree.value, first: first.value(), last: last.value(), lastTerm: lastTouched,
      isCoop: coop.box.checked, isExtendedCreditProgram: extended.box.checked, ewtSatisfied: writing.box.checked,
    };
    app.sendForm({
      degree: draft.degree,
      firstTerm: nameOf(draft.first),
      ...(sequence.value ? { sequence: sequence.value } : { lastTerm: nameOf(draft.last) }),
      isCoop: draft.isCoop,
      isExtendedCreditProgram: draft.isExtendedCreditProgram,
      ewtSatisfied: draft.ewtSatisfied,
      ...(calendar.value && { calendar: calendar.value }),
    });
  });
  loadDegrees();
  loadCalendars();
  return make("section.panel", { "aria-labelledby": "form-title" }, make("h2", { id: "form-title" }, t("start.formTitle")), form);
}
