// The board: the current term and those to come, with a card for each course, and the past as a closed table.

import { make, updateKeyed } from "./dom.js";
import { boardTerms, changesTo, creditsOf, isCode, isWorkTerm, loadOf, uncounted } from "./model.js";
import { button, fold, keep, slug } from "./parts.js";
import { compareTerms, isPast, parseTerm } from "./terms.js";
import { credits, formatNumber, t, termName } from "./text.js";
import { remarkText, remedyText, stateClass, stateWord } from "./words.js";
import { openAddTerm, openTerm } from "./term.js";
import { enableDrag } from "./drag.js";

export function boardView(plan) {
  const grid = make("div.terms", { id: "board-terms" });
  const node = make("section.pane", { id: "board", "aria-labelledby": "board-title" },
    make("div.pane-head", make("h2", { id: "board-title", tabIndex: -1 }, t("plan.board.title")),
      button(t("plan.board.rest"), plan.openWishes, { id: "plan-rest", class: "quiet" }),
      button(t("plan.board.add"), () => openAddTerm(plan), { id: "add-term", class: "quiet" })),
    make("ul.plain.remarks", { id: "board-remarks" }), grid);
  const general = node.querySelector("#board-remarks");
  const past = pastView(plan);
  node.append(past.node);
  enableDrag(grid, plan);

  function update({ data, busy }) {
    const terms = boardTerms(data, plan.current), shown = new Set(terms.map((semester) => semester.term));
    const about = (term) => data.remarks.filter((remark) => !remark.course && remark.term === term);
    const rest = data.remarks.filter((remark) => !remark.course && !remark.pool && !shown.has(remark.term) && remark.level !== "info");
    updateKeyed(general, rest, (remark) => remark.code + remark.term, keep((remark) => remark, remarkItem));
    const times = new Map();
    updateKeyed(grid, terms, (semester) => semester.term, (semester, old) => {
      const term = old ?? termNode(plan, semester);
      const parts = term.parts;
      const isEmpty = semester.courses.length === 0;
      parts.load.textContent = credits(loadOf(data, semester));
      parts.empty.hidden = !isEmpty;
      parts.change.hidden = !semester.isKept;
      updateKeyed(parts.remarks, about(semester.term), (remark) => remark.code, keep((remark) => remark, remarkItem));
      const cards = semester.courses.map((sitting) => {
        const n = times.get(sitting.code) ?? 0;
        times.set(sitting.code, n + 1);
        return { sitting, term: semester.term, name: slug(sitting.code) + (n > 0 ? `-${n}` : "") };
      });
      updateKeyed(parts.cards, cards, (card) => card.name, keep((card) => [card, data.courses[card.sitting.code], remarksOf(data, card), busy.has(card.sitting.code)],
        (card) => cardNode(plan, data, card, busy.has(card.sitting.code))));
      return term;
    });
    past.update(data);
  }

  return { node, update };
}

const remarksOf = (data, { sitting, term }) =>
  data.remarks.filter((remark) => remark.course === sitting.code && (!remark.term || remark.term === term));

const marks = { error: "✖", warning: "⚠", info: "ℹ" };

// remarkItem is one remark: what is wrong, and what to do about it.
export function remarkItem(remark) {
  return make("li", { class: `remark is-${remark.waived ? "waived" : remark.level}` },
    make("span.mark", { "aria-hidden": "true" }, remark.waived ? "✓" : marks[remark.level]), " ",
    remarkText(remark), " ", remark.waived
      ? make("span.hint", t("plan.waived"))
      : make("span.hint", remedyText(remark)));
}

function termNode(plan, semester) {
  const id = slug(semester.term), name = termName(semester.term);
  const isNow = parseTerm(semester.term).begin <= plan.current;
  const parts = {
    load: make("span.hint"),
    remarks: make("ul.plain.remarks"),
    cards: make("ul.plain"),
    empty: make("p.hint", t("plan.board.empty")),
    change: button("⋯", () => openTerm(plan, semester.term), { id: `term-${id}-change`, class: "small quiet icon", "aria-label": t("plan.term.change", { term: name }) }),
  };
  const node = make("section", { class: `term${isNow ? " is-now" : ""}`, id: `term-${id}`, "data-term": semester.term, "aria-labelledby": `term-${id}-name` },
    make("div.term-head",
      make("h3", { id: `term-${id}-name`, tabIndex: -1 }, name, isNow && make("span.now", t("plan.board.now"))), parts.load, parts.change),
    parts.remarks, parts.cards, parts.empty);
  return Object.assign(node, { parts });
}

function cardNode(plan, data, { sitting, term, name }, isBusy) {
  const course = data.courses[sitting.code];
  const label = sitting.code, isPlaceholder = !course && !isCode(sitting.code);
  const found = remarksOf(data, { sitting, term });
  const move = button(t("plan.card.move"), () => plan.openCourse(sitting.code, term, sitting), {
    id: `move-${name}`, class: "small quiet", "aria-label": t("plan.card.moveOf", { code: label }) });
  return make("li", { class: `card is-${stateClass(data, sitting, term)}`, id: `card-${name}`, "data-code": sitting.code, "data-from": term, "aria-busy": isBusy ? "true" : null },
    make("span.card-head", make("strong", label), make("span.hint", isWorkTerm(sitting.code) ? "" : credits(creditsOf(data, sitting)))),
    course?.title && make("span.title", course.title),
    make("span.state", isBusy ? t("plan.card.saving") : stateWord(data, sitting, term)),
    found.length > 0 && make("ul.plain.remarks", found.map(remarkItem)),
    make("span.card-buttons",
      isPlaceholder && button(t("plan.card.choose"), () => plan.fillPlaceholder(sitting, term), {
        id: `choose-${name}`, class: "small quiet", "aria-label": t("plan.card.chooseOf", { name: label }) }),
      move,
      isPlaceholder && button(t("plan.remove"), () => plan.run(changesTo(data, sitting.code, term, null), {
        codes: [sitting.code], say: t("plan.said.removed", { code: label }), focus: ["board-title"] }), {
        id: `remove-${name}`, class: "small quiet", "aria-label": t("plan.card.removeOf", { code: label }) })));
}

// pastView is a table of the terms that are over. Its rows are made when it is open.
function pastView(plan) {
  const only = make("input", { type: "checkbox", id: "past-only" });
  const body = make("tbody");
  const table = make("table.past",
    make("thead", make("tr", ["course", "credits", "state", "counts"].map((name) => make("th", { scope: "col" }, t(`plan.past.${name}`))))), body);
  const node = fold("past", make("p.tick", make("label", only, " ", t("plan.past.only"))), make("div.scroll", table));
  let last = null, seal = "";

  function update(data) {
    last = data;
    const over = data.semesters.filter((s) => isPast(s.term, plan.current)).sort((a, b) => compareTerms(a.term, b.term));
    const elsewhere = Object.values(data.courses).filter((course) => course.status.via && !course.status.semester).map((course) => ({ code: course.id }));
    const groups = elsewhere.length > 0 ? [{ term: null, courses: elsewhere }, ...over] : over;
    node.hidden = groups.length === 0;
    const earned = (s) => s.courses.reduce((sum, c) => sum + (data.courses[c.code]?.status.status === "completed" && !isWorkTerm(c.code) && s.term ? creditsOf(data, c) : 0), 0);
    node.firstChild.textContent = over.length === 0 ? t("plan.past.elsewhere") : t("plan.past.title", { count: over.length, credits: credits(over.reduce((sum, s) => sum + earned(s), 0)) });
    if (!node.open) return;
    const sign = JSON.stringify([only.checked, groups, data.courses, data.remarks]);
    if (sign === seal) return;
    seal = sign;
    const lost = new Set(uncounted(data).map((entry) => entry.code));
    body.replaceChildren(...groups.flatMap((s) => {
      const rows = s.courses.filter((c) => !only.checked || lost.has(c.code)).map((c, i) => pastRow(data, c, s.term, `${slug(s.term ?? "elsewhere")}-${i}`));
      return rows.length === 0 ? [] : [make("tr.past-term", make("th", { scope: "rowgroup", colSpan: 4 },
        s.term ? `${termName(s.term)} · ${credits(earned(s))}` : t("plan.past.elsewhere"))), ...rows];
    }));
  }

  function pastRow(data, sitting, term, id) {
    const course = data.courses[sitting.code], counts = course?.counts ?? [];
    const found = term ? remarksOf(data, { sitting, term }) : [];
    const isHere = !term || course?.status.semester === term;
    return make("tr", { class: `is-${stateClass(data, sitting, term)}` },
      make("td", button(sitting.code, () => plan.openCourse(sitting.code, term), { class: "link", id: `past-${id}`, "aria-label": t("plan.detailsOf", { code: sitting.code }) }),
        " ", course?.title),
      make("td.number", formatNumber(!term && course?.status.via === "exemption" ? 0 : creditsOf(data, sitting))),
      make("td", make("span.state", stateWord(data, sitting, term)), " ",
        found.length > 0 && make("ul.plain.remarks", found.map(remarkItem))),
      make("td", isHere && counts.length > 0 ? counts.map((count) => plan.poolName(count.pool)).join(", ") : t("plan.past.nowhere")));
  }

  node.ontoggle = only.onchange = () => last && update(last);
  return { node, update };
}
