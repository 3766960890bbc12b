// The plan of a job: what is left beside the board of terms, the requirements, and what keeps the plan.

import * as api from "./api.js";
import { $, make, updateKeyed } from "./dom.js";
import { auditView } from "./audit.js";
import { boardView } from "./board.js";
import { compareView } from "./compare.js";
import { openCourse } from "./course.js";
import { leftView } from "./left.js";
import { openMenu, openRemarks } from "./menu.js";
import { changesTo, poolName } from "./model.js";
import { askName, button, dotted, keep, partNames, progressBar, slug } from "./parts.js";
import { openPicker } from "./picker.js";
import { announce, navigate } from "./shell.js";
import { createStore } from "./store.js";
import { currentSlot, isPast } from "./terms.js";
import { credits, fieldTexts, formatDate, formatTime, poolText, problemText, t, termName } from "./text.js";
import { whatIfView } from "./whatif.js";
import { openWishes } from "./wishes.js";
import { isToCheck, isWaivedHere, remarkText } from "./words.js";

const tabs = ["left", "terms", "audit"]; // of the bar; "whatif" and "compare" are reached by More

// planView shows the plan of a job that is done. context is {job, tag, savedId, savedVersion}.
export async function planView(context) {
  const store = createStore({ ...context, tag: context.tag ?? context.job.tag, reopen: openSaved });
  const { state } = store;
  const asked = new Set(); // pools whose courses are on their way
  let audit = {}; // {tag, promise} of the newest that was asked for
  let drawn = {}; // what the summary and the list show
  let node = null;

  const plan = {
    store, current: currentSlot(), catalogue: new Map(),
    findCourse: (code) => plan.catalogue.get(code) ?? state.data.courses[code],
    poolName: (id) => poolText(poolName(state.data, id)),
    openCourse: (code, from, sitting) => openCourse(plan, code, from, sitting).catch(report),
    openPicker: (poolId, options) => openPicker(plan, poolId, options),
    openWishes: () => openWishes(plan),
    run, showTab,
    // moveCourse puts a course into a term; to null takes it out, from null places it anew.
    moveCourse: (code, from, to) => run(changesTo(state.data, code, from, to), {
      codes: [code], term: to,
      say: to ? t("plan.said.moved", { code, term: termName(to) }) : t("plan.said.removed", { code }),
      focus: [`move-${slug(code)}`, `left-${slug(code)}`, "left-title"],
    }),
    fillPlaceholder: (sitting, term) => openPicker(plan, sitting.pool ?? null, {
      term,
      choose: (code) => run([{ op: "removeCourse", course: sitting.code, term }, { op: "placeCourse", course: code, term }], {
        codes: [sitting.code, code], say: t("plan.said.moved", { code, term: termName(term) }), focus: [`move-${slug(code)}`],
      }),
    }),
    readPool: (id) => readCourses({ pool: id }),
    searchCourses: (search) => readCourses({ search }, 1),
    readCourse: async (code) => (await readCourses({ prefix: code }, 1)).find((course) => course.code === code),
    // fetchPools loads the courses of pools that the view asks for, once.
    fetchPools(ids) {
      for (const id of ids) {
        if (asked.has(id)) continue;
        asked.add(id);
        plan.readPool(id).then(() => draw(), () => setTimeout(() => { asked.delete(id); draw(); }, 5000));
      }
    },
    // readAudit returns the audit of the plan as it stands, null when it cannot be had.
    readAudit() {
      if (audit.tag !== state.tag) audit = { tag: state.tag, promise: api.getAudit(state.jobId).catch(() => { audit = {}; return null; }) };
      return audit.promise;
    },
  };

  // readCourses reads pages of the catalogue by which the student is measured, and remembers the courses.
  async function readCourses(condition, pages = 9) {
    const found = [];
    for (let after, page = 0; page < pages; page++) {
      const answer = await api.searchCourses({ ...condition, calendar: state.data.calendar, after, ...(condition.search && { limit: 100 }) });
      found.push(...answer.courses);
      after = answer.next;
      if (!after) break;
    }
    for (const course of found) plan.catalogue.set(course.code, course);
    return found;
  }

  // run makes an edit, says what it did, and puts the focus on the first of focus that is there.
  async function run(changes, { codes, term, say, patch, focus = [] } = {}) {
    const done = await store.edit(patch ?? { changes }, { codes, term });
    if (!done) return null;
    tell(say, done);
    focusFirst(focus);
    return done;
  }

  function tell(say, delta) {
    const appeared = delta.remarks.appeared.filter(isToCheck)
      .map((remark) => [remark.course, remarkText(remark)].filter(Boolean).join(": "));
    announce([say, ...appeared].filter(Boolean).join(" "));
  }

  function focusFirst(ids) {
    const target = ids.map($).find((element) => element && element.offsetParent !== null);
    if (target && document.activeElement !== target) target.focus();
  }

  function report(error) {
    state.failed = { kind: "error", error, retry: null };
    draw();
  }

  async function step(how) {
    const done = await store[how]();
    if (done) tell(t(`plan.said.${how}`), done);
  }

  const title = () => [state.data.timelineName, state.data.degree.name].filter(Boolean).join(", ");

  const heading = make("h1", { id: "plan-title", tabIndex: -1 });
  const traits = make("p.hint", { id: "traits" });
  const saved = make("p.hint", { id: "save-state", role: "status" });
  const buttons = {
    save: button(t("plan.save"), () => save(), { id: "save" }),
    undo: button(t("plan.undo"), () => step("undo"), { id: "undo", class: "quiet" }),
    redo: button(t("plan.redo"), () => step("redo"), { id: "redo", class: "quiet" }),
    print: button(t("plan.print"), print, { id: "print", class: "quiet wide-only" }),
    more: button(t("plan.menu"), () => openMenu(plan), { id: "more", class: "quiet" }),
  };
  const notice = make("div", { id: "plan-notice", role: "alert" });
  const summary = make("section.summary", { id: "summary", "aria-label": t("plan.summary") });
  const tabButtons = tabs.map((name) => button(name === "left"
    ? [make("span.narrow-only", t("plan.tab.left")), make("span.wide-only", t("plan.tab.plan"))] : t(`plan.tab.${name}`), () => showTab(name), { id: `tab-${name}`, class: "tab" }));
  const left = leftView(plan), board = boardView(plan);
  const auditPane = make("section.pane", { id: "audit", "aria-labelledby": "audit-title" });
  const otherPane = make("section.pane", { id: "other" });
  node = make("div.plan", { id: "result", "data-tab": "left" },
    make("div.plan-bar", make("div.plan-name", heading, saved),
      make("div.plan-buttons", { role: "group", "aria-label": t("plan.actions") }, Object.values(buttons))),
    notice, traits, summary,
    make("nav.tabs", { "aria-label": t("plan.tabs") }, tabButtons),
    make("div.sides", left.node, board.node), auditPane, otherPane,
    make("p.hint.print-only", t("plan.unofficial", { date: new Date().toLocaleDateString() })));

  async function showTab(name, ...more) {
    node.dataset.tab = name;
    otherPane.replaceChildren();
    tabButtons.forEach((tab, i) => tab.setAttribute("aria-current", String(tabs[i] === name)));
    if (name === "audit") return drawAudit();
    if (name === "whatif") return whatIfView(plan, otherPane, ...more);
    if (name === "compare") return compareView(plan, otherPane, ...more);
    return null;
  }

  async function drawAudit() {
    auditView(plan, auditPane, await plan.readAudit());
  }

  async function print() {
    await drawAudit().catch(() => {});
    window.print();
  }

  async function save() {
    if (state.savedId) {
      await store.save();
      if (!state.failed) announce(t("plan.saved", { time: formatTime(state.savedAt) }));
      return;
    }
    const name = await askName(t("plan.saveTitle"), state.data.timelineName || t("plan.defaultName"), { yes: t("plan.save") });
    if (!name) return;
    await store.save(name);
    if (!state.failed) announce(t("plan.savedAs", { name: state.data.timelineName }));
  }
  Object.assign(plan, { print, report });

  function saveText() {
    if (state.saving) return t("plan.saving");
    if (state.gone) return t("plan.onlyHere");
    if (!state.savedId) return t("plan.notSaved", { time: `${formatDate(state.until)}, ${formatTime(state.until)}` });
    if (state.dirty) return t("plan.unsaved");
    return state.savedAt ? t("plan.saved", { time: formatTime(state.savedAt) }) : t("plan.savedBefore");
  }

  // What went wrong, with what to do. It stays until it is done or dismissed.
  function drawNotice() {
    const { failed } = state;
    const sign = failed && [failed.kind, failed.error?.code, failed.error?.message];
    updateKeyed(notice, failed ? [failed] : [], () => "notice", keep(() => sign, () => {
      const known = ["changed", "gone", "replaced", "signin"].includes(failed.kind);
      const fields = fieldTexts(failed.error);
      return make("div.notice",
        make("p", make("strong", known ? t(`plan.failed.${failed.kind}`) : t("plan.failed.error")), " ", !known && problemText(failed.error)),
        fields.length > 0 && make("ul", fields.map((text) => make("li", text))),
        make("div.actions",
          failed.kind === "gone" && button(t("plan.save"), save, { id: "notice-save" }),
          failed.retry && failed.kind !== "gone" && button(t(`plan.again.${known ? failed.kind : "error"}`), () => store.retry(), { id: "notice-retry" }),
          button(t("page.dismiss"), () => store.dismiss(), { class: "quiet" })));
    }));
  }

  function drawSummary(data) {
    const all = data.progress.overall;
    const warnings = data.remarks.filter(isToCheck).length, hasList = warnings > 0 || data.remarks.some(isWaivedHere);
    const end = data.graduation;
    const last = all.remaining === 0 ? data.semesters.filter((s) => s.courses.length > 0 && !isPast(s.term, plan.current)).at(-1)?.term : null;
    updateKeyed(summary, [0], () => "summary", keep(() => [all, end, last, warnings, hasList], () => make("div",
      progressBar(all, all.creditsRequired),
      make("ul.legend.plain", partNames.filter((name) => all[name] > 0 || name === "completed").map((name) =>
        make("li", { class: `is-${name}` }, make("span", { class: `dot part-${name}`, "aria-hidden": "true" }), t(`plan.part.${name}`, { credits: credits(all[name]) })))),
      make("p", { id: "graduation" }, last
        ? [make("strong", t("plan.endPlanned", { term: termName(last) })), " ", end && end.term !== last &&
          make("span.hint", t("plan.earliest", { term: termName(end.term) }))]
        : end ? [make("strong", t("plan.end", { term: termName(end.term) })), " ", end.criticalChain.length > 0 &&
          make("span.hint", t("plan.chain", { courses: end.criticalChain.join(" → ") }))]
        : all.remaining + all.planned + all.inProgress > 0 ? t("plan.noEnd") : t("plan.allDone")),
      hasList && button(warnings > 0 ? t("plan.warnings", { count: warnings }) : t("plan.checkTitle"), () => openRemarks(plan), { id: "warning-count", class: "link warn" }))));
  }

  function draw() {
    if (!node) return;
    const focused = document.activeElement?.id;
    if (heading.textContent !== title()) heading.textContent = title();
    if (heading.dataset.title !== title()) document.dispatchEvent(new CustomEvent("titlechange", { detail: heading.dataset.title = title() }));
    saved.textContent = saveText();
    const { calendar, isCoop, isExtendedCredit } = state.data;
    traits.textContent = dotted(calendar && t("plan.calendar", { calendar }), isCoop && t("start.coop"), isExtendedCredit && t("start.extended"));
    buttons.save.hidden = Boolean(state.savedId) && !state.dirty && !state.gone;
    // A button that has the focus stays enabled for it, so that the focus is not lost.
    buttons.undo.setAttribute("aria-disabled", String(state.undo.length === 0));
    buttons.redo.setAttribute("aria-disabled", String(state.redo.length === 0));
    drawNotice();
    // While an edit is on its way, only its card changes.
    if (drawn.data !== state.data || drawn.known !== plan.catalogue.size) {
      drawSummary(state.data);
      left.update(state);
      drawn = { data: state.data, known: plan.catalogue.size };
    }
    board.update(state);
    if (node.dataset.tab === "audit" && audit.tag !== state.tag && state.busy.size === 0) drawAudit();
    // What was rebuilt gets its focus again.
    if (focused && document.activeElement === document.body) $(focused)?.focus({ preventScroll: true });
  }

  async function openSaved(id) {
    const accepted = await api.loadTimeline(id);
    await api.followJob(accepted.jobId, { onState: () => {} });
    const job = await api.getJob(accepted.jobId);
    navigate(`#job=${job.jobId}`, { replace: true, force: true });
    return job;
  }

  // Without its version, what another tab saves meanwhile would be written over.
  if (state.savedId && state.savedVersion === null) {
    api.getTimeline(state.savedId).then((saved) => { state.savedVersion ??= saved.version; }, () => {});
  }
  const leave = store.subscribe(draw);
  showTab("left");
  draw();
  return {
    node,
    get title() { return title(); },
    dispose() {
      leave();
      store.dispose();
      node = null;
    },
    hasUnsavedChanges: () => store.hasUnsavedChanges(),
  };
}
