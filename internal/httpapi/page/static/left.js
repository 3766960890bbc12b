// What is left: what must be repeated, what each requirement still lacks, and what does not count.

import { make, updateKeyed } from "./dom.js";
import { isExempted, isLive, isOwed, leftOf, placeholdersOf, repeatsOf, uncounted } from "./model.js";
import { button, dotted, fold, keep, slug } from "./parts.js";
import { credits, formatNumber, t } from "./text.js";

export function leftView(plan) {
  const repeats = make("ul.plain", { id: "left-repeats" });
  const pools = make("div", { id: "left-pools" });
  const chosen = make("div", { id: "left-open" });
  const done = make("p.calm", { id: "left-done", hidden: true }, t("plan.left.nothing"));
  const elsewhere = fold("uncounted", make("ul.plain"));
  const marked = fold("marked", make("ul.plain"));
  const node = make("section.pane", { id: "left", "aria-labelledby": "left-title" },
    make("h2", { id: "left-title", tabIndex: -1 }, t("plan.left.title")), done, repeats, chosen, pools,
    button(t("plan.left.find"), () => plan.openPicker(null), { id: "find-course", class: "quiet" }), elsewhere, marked);

  async function showPlaceholder() {
    await plan.showTab("terms");
    document.querySelector("#board [id^=choose-]")?.focus();
  }

  const titleOf = (code) => plan.findCourse(code)?.title ?? "";

  function update({ data }) {
    const again = repeatsOf(data, plan.current);
    const owed = data.pools.find((pool) => pool._id === "deficiencies")?.courses.filter((code) => !isLive(data, code)) ?? [];
    const rows = [
      ...[...again].map(([code, why]) => ({ code, text: t(`plan.repeat.${why}`, { code }) })),
      ...owed.filter((code) => !again.has(code)).map((code) => ({ code, text: t("plan.left.owed", { code }) })),
    ];
    updateKeyed(repeats, rows, (row) => row.code, keep((row) => row.text, (row) => make("li.left-row.is-repeat",
      make("span.grow", make("strong", row.text), " ", make("span.hint", titleOf(row.code))),
      planButton(row.code))));

    const left = leftOf(data, plan.catalogue), open = placeholdersOf(data, plan.current).length;
    updateKeyed(chosen, open > 0 ? [open] : [], () => "open", keep((count) => count, (count) => make("p.left-row",
      make("span.grow", t("plan.left.toChoose", { count })), button(t("plan.left.show"), showPlaceholder, { id: "show-open", class: "small quiet" }))));
    done.hidden = left.length > 0 || rows.length > 0 || open > 0;
    plan.fetchPools(left.filter((entry) => entry.kind === "unknown").map((entry) => entry.id));
    const shown = new Set();
    for (const entry of left) {
      // A course that several requirements list has its button once.
      entry.rows = entry.rows?.map((codes) => codes.filter((code) => !again.has(code) && !shown.has(code))).filter((codes) => codes.length > 0);
      entry.rows?.flat().forEach((code) => shown.add(code));
    }
    updateKeyed(pools, left, (entry) => entry.id, keep((entry) => entry, poolBlock));
    showUncounted(data);
    showMarked(data);
  }

  function poolBlock(entry) {
    const id = `left-${slug(entry.id)}`;
    return make("section.left-pool", { "aria-labelledby": id },
      make("h3", { id }, plan.poolName(entry.id)),
      make("p.hint", t("plan.left.of", { left: formatNumber(entry.remaining), all: credits(entry.required) })),
      entry.kind === "unknown" && make("p.hint", t("page.loading")),
      entry.kind === "choose" && button(
        [make("strong", t("plan.left.choose", { credits: credits(entry.remaining) })), " ", t("plan.left.from", { count: entry.open.length })],
        () => plan.openPicker(entry.id), { id: `pick-${slug(entry.id)}`, class: "choose" }),
      entry.rows && make("ul.plain", entry.rows.map(row)));
  }

  function row(codes) {
    const course = plan.findCourse(codes[0]);
    return make("li.left-row",
      make("span.grow", make("strong", codes.join(` ${t("plan.or")} `)), " ",
        make("span.hint", dotted(codes.length === 1 && course?.title, course && credits(course.credits)))),
      make("span.left-buttons", codes.map((code) => planButton(code, codes.length > 1))));
  }

  // planButton opens the dialog with the terms of a course.
  const planButton = (code, isNamed) => button(isNamed ? t("plan.left.planOf", { code }) : t("plan.left.plan"), () => plan.openCourse(code),
    { id: `left-${slug(code)}`, class: "small quiet", "aria-label": t("plan.left.planOf", { code }) });

  let reasons = new Map();

  function showUncounted(data) {
    const list = uncounted(data);
    const total = list.reduce((sum, entry) => sum + entry.credits, 0);
    elsewhere.hidden = total === 0;
    elsewhere.firstChild.textContent = t("plan.uncounted.title", {
      credits: credits(total), required: credits(data.progress.overall.creditsRequired),
    });
    const fill = () => updateKeyed(elsewhere.lastChild, list, (entry) => entry.code, keep((entry) => [entry, reasons.get(entry.code)],
      (entry) => make("li", make("strong", entry.code), ` ${entry.title} · ${credits(entry.credits)}`,
        reasons.has(entry.code) && make("span.hint", ` · ${t(`audit.uncounted.${reasons.get(entry.code)}`)}`))));
    const explain = async () => {
      if (!elsewhere.open || elsewhere.hidden) return;
      const audit = await plan.readAudit();
      reasons = new Map(audit?.courses.filter((c) => c.uncounted).map((c) => [c.code, c.uncounted.because]));
      fill();
    };
    fill();
    elsewhere.ontoggle = explain;
    explain();
  }

  // What the student has said herself: exempted, done elsewhere, owed, pinned.
  function showMarked(data) {
    const rows = Object.keys(data.courses).flatMap((code) => [
      isExempted(data, code) && [code, t("plan.state.exemption")],
      data.courses[code].status.via === "transfer" && [code, t("plan.state.transfer")],
      isOwed(data, code) && [code, t("plan.state.owed")],
      data.pins?.[code] && [code, t("plan.pinned", { pool: plan.poolName(data.pins[code]) })],
    ].filter(Boolean));
    marked.hidden = rows.length === 0;
    marked.firstChild.textContent = t("plan.marked", { n: rows.length });
    updateKeyed(marked.lastChild, rows, (entry) => entry.join("|"), keep((entry) => entry, ([code, text]) => make("li.left-row",
      make("span.grow", make("strong", code), ` ${titleOf(code)} · ${text}`),
      button(t("plan.details"), () => plan.openCourse(code), { class: "small quiet", "aria-label": t("plan.detailsOf", { code }) }))));
  }

  return { node, update };
}
