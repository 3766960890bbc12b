// Two plans side by side, term by term: the one at hand and one that was saved.

import * as api from "./api.js";
import { make } from "./dom.js";
import { field } from "./parts.js";
import { failure } from "./shell.js";
import { compareTerms } from "./terms.js";
import { credits, t, termName } from "./text.js";
import { isToCheck } from "./words.js";

export async function compareView(plan, pane) {
  pane.setAttribute("aria-labelledby", "other-title");
  const title = make("h2", { id: "other-title", tabIndex: -1 }, t("compare.title"));
  const body = make("div", make("p.hint", t("page.loading")));
  pane.replaceChildren(title, body);
  title.focus();
  try {
    const { timelines } = await api.listTimelines();
    const others = timelines.filter((other) => other._id !== plan.store.state.savedId);
    if (others.length === 0) {
      body.replaceChildren(make("p", t("compare.none")));
      return;
    }
    const select = make("select", { id: "compare-with" }, others.map((other) => make("option", { value: other._id }, other.timelineName || t("saved.noName"))));
    const result = make("div", { id: "compare-result" });
    select.onchange = () => show(plan, result, select.value);
    body.replaceChildren(field(t("compare.with"), select), result);
    await show(plan, result, select.value);
  } catch {
    body.replaceChildren(failure(t("compare.failed"), () => compareView(plan, pane)));
  }
}

async function show(plan, result, id) {
  const { data } = plan.store.state;
  const [other, audit] = await Promise.all([api.getTimeline(id), api.getSavedAudit(id)]);
  if (!result.isConnected) return;
  const own = data.progress.overall;
  const termOf = (semesters) => {
    const out = new Map();
    for (const s of semesters) out.set(s.term, s.courses.map((c) => c.code));
    return out;
  };
  const a = termOf(data.semesters), b = termOf(other.semesters);
  const differs = (term) => JSON.stringify([...(a.get(term) ?? [])].sort()) !== JSON.stringify([...(b.get(term) ?? [])].sort());
  const terms = [...new Set([...a.keys(), ...b.keys()])].filter(differs).sort(compareTerms);
  const cell = (codes = [], against = []) => make("td", codes.length === 0 ? "–" : codes.flatMap((code, i) => [
    i > 0 ? ", " : null, against.includes(code) ? code : make("strong.is-different", code)]));
  const line = (name, x, y) => make("tr", make("th", { scope: "row" }, name), make("td", x), make("td", y));
  result.replaceChildren(make("div.scroll", { tabIndex: 0, role: "region", "aria-label": t("compare.with") }, make("table.compare",
    make("thead", make("tr", make("td"), make("th", { scope: "col" }, data.timelineName || t("compare.this")), make("th", { scope: "col" }, other.timelineName || t("saved.noName")))),
    make("tbody",
      line(t("compare.degree"), data.degree.name, audit.degree.name),
      line(t("compare.left"), credits(own.remaining), credits(audit.totals.remaining)),
      line(t("compare.planned"), credits(own.planned), credits(audit.totals.planned)),
      line(t("compare.end"), data.graduation ? termName(data.graduation.term) : "–", audit.graduation ? termName(audit.graduation.term) : "–"),
      line(t("compare.check"), ...[data.remarks, audit.remarks].map((list) => String(list.filter(isToCheck).length))),
      terms.map((term) => make("tr", make("th", { scope: "row" }, termName(term)), cell(a.get(term), b.get(term)), cell(b.get(term), a.get(term))))))),
  terms.length === 0 && make("p", t("compare.same")) || "");
}
