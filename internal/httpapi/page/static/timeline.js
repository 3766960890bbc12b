// The result: terms as columns, a card for each course, progress for each requirement, and what is left to take.

import { $, make } from "./dom.js";
import { credits } from "./text.js";

// Each state has a colour and a word: the colour alone would not reach everybody.
const words = { completed: "Completed", inprogress: "In progress", planned: "Planned", incomplete: "Not completed" };
const mostShown = 60;

export function timeline(result, actions) {
  return [
    overview(result, actions),
    terms(result, actions),
    requirements(result),
    remaining(result, actions),
  ];
}

function overview(result, actions) {
  const name = make("input", { id: "timeline-name", maxLength: 100, value: result.timelineName || "", autocomplete: "off" });
  const save = make("form", { class: "row", id: "save-form" },
    make("label", { for: "timeline-name" }, "Name"), name,
    make("button", {}, result._id ? "Save again" : "Save"));
  save.addEventListener("submit", (e) => { e.preventDefault(); actions.save(name.value.trim()); });

  const traits = [result.calendar && `Calendar ${result.calendar}`, result.isCoop && "Co-op", result.isExtendedCredit && "Extended credit program",
    result.graduation && `Can be done by ${result.graduation.term}`].filter(Boolean);
  return make("section", { class: "panel", "aria-labelledby": "result-title" },
    make("h1", { id: "result-title", tabIndex: -1 }, result.degree.name),
    traits.length > 0 && make("p", {}, traits.join(" · ")),
    meter("Degree", result.progress.overall),
    result.warnings?.length > 0 && make("section", { id: "warnings", "aria-labelledby": "warnings-title" },
      make("h3", { id: "warnings-title" }, "Please check"),
      make("ul", {}, result.warnings.map((w) => make("li", {}, w.message)))),
    save,
    make("p", { class: "row" },
      make("button", { type: "button", id: "download", onclick: () => download(result) }, "Download as JSON"),
      make("button", { type: "button", id: "restart", onclick: actions.restart }, "Start again"),
      make("button", { type: "button", id: "forget", onclick: actions.forget }, "Forget this result")));
}

function download(result) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(result, null, 2)], { type: "application/json" }));
  make("a", { href: url, download: "timeline.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// meter shows how far a number of credits is, as a bar and in words.
function meter(label, c) {
  const parts = [`${credits(c.completed)} of ${Number(c.creditsRequired.toFixed(2))} completed`];
  if (c.inProgress > 0) parts.push(`${credits(c.inProgress)} in progress`);
  if (c.planned > 0) parts.push(`${credits(c.planned)} planned`);
  if (c.remaining > 0) parts.push(`${credits(c.remaining)} remaining`);
  return make("div", { class: "meter" },
    make("progress", { max: Math.max(c.creditsRequired, 1), value: Math.min(c.completed, Math.max(c.creditsRequired, 1)), "aria-label": `${label}: credits completed` }),
    make("p", {}, parts.join(" · ")));
}

function terms(result, actions) {
  const columns = result.semesters.map((semester) => column(semester.term, semester.courses.map((sitting) => card(result, sitting, semester.term, actions))));
  const credited = Object.values(result.courses).filter((c) => c.status.via && !c.status.semester).sort(byCode);
  if (credited.length > 0) {
    columns.unshift(column("Credited", credited.map((course) => card(result, { code: course.id }, null))));
  }
  // The strip scrolls sideways, so the keyboard must be able to reach it.
  return make("section", { "aria-labelledby": "terms-title" },
    make("h2", { id: "terms-title" }, "Terms"),
    make("div", { class: "terms", id: "terms", tabIndex: 0, role: "region", "aria-labelledby": "terms-title" }, columns));
}

function column(title, cards) {
  return make("section", { class: "term" },
    make("h3", {}, title),
    cards.length > 0 ? make("ul", { class: "plain" }, cards) : make("p", { class: "hint" }, "Nothing yet"));
}

// card is one sitting. The state of a course belongs to one term; in another one the course was merely sat as well.
function card(result, sitting, term, actions) {
  const course = result.courses[sitting.code];
  const here = course && (term === null || course.status.semester === term);
  const status = here ? course.status.status : null;
  const word = here ? words[status] + (course.status.via ? ` by ${course.status.via}` : "") : course ? "Another attempt" : "Placeholder";
  const message = sitting.message || (here && course.status.message) || "";
  return make("li", { class: `card is-${status ?? "other"}` },
    make("strong", {}, sitting.code),
    course?.title && make("span", { class: "title" }, course.title),
    make("span", { class: "facts" },
      make("span", { class: "state" }, word),
      course && make("span", {}, credits(course.credits))),
    message && make("span", { class: "hint" }, message),
    status === "planned" && make("button", { type: "button", class: "small", "aria-label": `Take ${sitting.code} out of ${term}`, onclick: () => actions.move(sitting.code, null) }, "Take out"));
}

function requirements(result) {
  const byId = new Map(result.progress.pools.map((p) => [p._id, p]));
  return make("section", { class: "panel", "aria-labelledby": "requirements-title" },
    make("h2", { id: "requirements-title" }, "Requirements"),
    result.pools.map((pool) => {
      const progress = byId.get(pool._id);
      const known = pool.courses.filter((code) => result.courses[code]);
      return make("details", { class: "requirement" },
        make("summary", {}, pool.name, progress && meter(pool.name, progress)),
        pool.rules?.length > 0 && make("ul", { class: "hint" }, pool.rules.map((rule) => make("li", {}, rule.message))),
        known.length > 0
          ? make("ul", { class: "plain compact" }, known.map((code) => {
            const course = result.courses[code];
            return make("li", { class: `line is-${course.status.status}` },
              make("strong", {}, code), " ", course.title, " ",
              make("span", { class: "state" }, words[course.status.status]));
          }))
          : make("p", { class: "hint" }, "No courses"));
    }));
}

const byCode = (a, b) => a.id.localeCompare(b.id);

// remaining lists the courses of the requirements that are still to be taken, with a search and a filter.
function remaining(result, actions) {
  const open = new Map();
  for (const pool of result.pools) {
    for (const code of pool.courses) {
      const course = result.courses[code];
      if (course?.status.status !== "incomplete") continue;
      const entry = open.get(code) ?? { course, pools: new Set() };
      entry.pools.add(pool._id);
      open.set(code, entry);
    }
  }
  const all = [...open.values()].sort((a, b) => byCode(a.course, b.course));
  const search = make("input", { id: "remaining-search", type: "search", autocomplete: "off", placeholder: "Code or title" });
  const filter = make("select", { id: "remaining-pool" }, make("option", { value: "" }, "All requirements"),
    result.pools.filter((pool) => all.some((entry) => entry.pools.has(pool._id))).map((pool) => make("option", { value: pool._id }, pool.name)));
  const count = make("p", { role: "status", id: "remaining-count", class: "hint" });
  const list = make("ul", { class: "plain compact", id: "remaining-list" });

  const show = () => {
    const needles = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter(({ course, pools }) => {
      const text = `${course.id} ${course.title}`.toLowerCase();
      return (!filter.value || pools.has(filter.value)) && needles.every((needle) => text.includes(needle));
    });
    list.replaceChildren(...found.slice(0, mostShown).map(({ course }) => line(course, result, actions)));
    count.textContent = found.length > mostShown
      ? `${found.length} courses, the first ${mostShown} shown: search to narrow them down`
      : `${found.length} ${found.length === 1 ? "course" : "courses"}`;
  };
  search.addEventListener("input", show);
  filter.addEventListener("change", show);
  show();

  return make("section", { class: "panel", "aria-labelledby": "remaining-title" },
    make("h2", { id: "remaining-title" }, "Still to take"),
    make("div", { class: "row" },
      make("label", { for: "remaining-search" }, "Search"), search,
      make("label", { for: "remaining-pool" }, "Requirement"), filter),
    count, list);
}

// line is one open course, with the terms that it can be planned in.
function line(course, result, actions) {
  const choices = result.semesters.map((semester) => semester.term);
  const choose = make("select", { "aria-label": `Plan ${course.id} in a term` },
    make("option", { value: "" }, "Plan in …"), choices.map((term) => make("option", {}, term)));
  choose.addEventListener("change", () => choose.value && actions.move(course.id, choose.value));
  return make("li", { class: "line is-incomplete" },
    make("strong", {}, course.id), " ", course.title, " ",
    make("span", { class: "hint" }, [credits(course.credits), course.offeredIn?.length > 0 && course.offeredIn.join(", "), course.status.message].filter(Boolean).join(" · ")),
    " ", choices.length > 0 && choose);
}

export function focusResult() {
  $("result-title")?.focus();
}
