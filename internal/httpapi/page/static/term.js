// Dialogs for terms: add one, rename, insert after, remove.

import { make, openDialog } from "./dom.js";
import { button, cancelButton, dialogActions, field, slug } from "./parts.js";
import { labelOf, parseTerm } from "./terms.js";
import { t, termName } from "./text.js";

const yearsAhead = 8;

// termFields are two selects, and value() is the label that they name.
export function termFields(plan, label, prefix) {
  const { begin, season } = parseTerm(label), first = Math.floor(plan.current / 3), year = Math.floor(begin / 3);
  const seasons = make("select", { id: `${prefix}-season` }, ["fall", "winter", "summer"].map((name) =>
    make("option", { value: name.toUpperCase(), selected: name === season.split("/")[0] }, t(`term.${name}`))));
  const years = make("select", { id: `${prefix}-year` }, Array.from({ length: Math.max(first + yearsAhead, year) - Math.min(first, year) + 1 }, (_, i) => Math.min(first, year) + i).map((y) =>
    make("option", { value: y, selected: y === year }, String(y))));
  return {
    nodes: make("div.filters",
      field(t("plan.term.season"), seasons),
      field(t("plan.term.year"), years)),
    value: () => `${seasons.value} ${years.value}`,
  };
}

const focusOf = (term) => [`term-${slug(term)}-name`, "board-title"];

export function openAddTerm(plan) {
  const { data } = plan.store.state;
  const last = Math.max(plan.current + 3, ...data.semesters.map((s) => parseTerm(s.term).end));
  const fields = termFields(plan, labelOf(last + 1), "add");
  openDialog({
    title: t("plan.term.add"), body: fields.nodes, actions: dialogActions(t("plan.term.addIt")),
    onClose: (value) => value && plan.run([{ op: "addTerm", term: fields.value() }], {
      say: t("plan.said.added", { term: termName(fields.value()) }), focus: focusOf(fields.value()) }),
  });
}

export function openTerm(plan, term) {
  const { data } = plan.store.state, name = termName(term);
  const count = data.semesters.find((s) => s.term === term)?.courses.length ?? 0;
  const fields = termFields(plan, term, "rename");
  let change = null;
  const choose = (changes, say, focus) => () => {
    change = [changes, { say, focus }];
    dialog.close();
  };
  const dialog = openDialog({
    title: name,
    body: [
      fields.nodes,
      make("p", button(t("plan.term.rename"), () => choose([{ op: "renameTerm", term, to: fields.value() }],
        t("plan.said.renamed", { term: termName(fields.value()) }), focusOf(fields.value()))(), { id: "term-rename" })),
      make("p", button(t("plan.term.insert"), choose([{ op: "insertTerm", after: term }], t("plan.said.inserted"), focusOf(term)), { id: "term-insert", class: "quiet" })),
      make("p", button(count > 0 ? t("plan.term.removeFull", { count }) : t("plan.term.remove"),
        choose([{ op: "removeTerm", term, ...(count > 0 && { courses: "return" }) }], t("plan.said.termRemoved", { term: name }), ["board-title"]),
        { id: "term-remove", class: count > 0 ? "danger" : "quiet" })),
    ],
    actions: [cancelButton()],
    onClose: () => change && plan.run(...change),
  });
}
