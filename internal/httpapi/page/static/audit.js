// The audit: each requirement, what counts where and why, and what could. It says why every course counts where it does.

import { make, updateKeyed } from "./dom.js";
import { remarkItem } from "./board.js";
import { button, keep, progressBar, slug } from "./parts.js";
import { failure } from "./shell.js";
import { credits, formatNumber, poolText, t, termName } from "./text.js";

// auditView shows an audit in a pane; its open details stay. Its ids begin with prefix: there may be two.
export function auditView(plan, pane, audit, prefix = "audit") {
  if (!audit) {
    pane.replaceChildren(failure(t("audit.failed"), () => plan.showTab("audit")));
    return;
  }
  if (!pane.querySelector(`#${prefix}-list`)) pane.replaceChildren(...frame(prefix));
  fillAudit(plan, pane, audit, prefix);
}

const frame = (prefix) => [
  make("h2", { id: `${prefix}-title`, tabIndex: -1 }, t("audit.title")), make("p", { class: "hint", id: `${prefix}-source` }),
  make("div", { id: `${prefix}-list` }), make("div", { id: `${prefix}-uncounted` }), make("ul", { class: "plain remarks", id: `${prefix}-remarks` }),
];

function fillAudit(plan, pane, audit, prefix) {
  const courses = new Map(audit.courses.map((course) => [course.code, course]));
  pane.querySelector(`#${prefix}-source`).textContent = t("audit.source", { degree: audit.degree.name, calendar: audit.calendar });
  const remarks = audit.remarks.filter((remark) => remark.pool || (!remark.course && !remark.term));
  updateKeyed(pane.querySelector(`#${prefix}-list`), audit.requirements, (r) => r.id, keepOpen((r) => [r, r.courses.map((c) => courses.get(c.code))],
    (r) => requirement(plan, r, courses, remarks.filter((remark) => remark.pool === r.id), prefix)));
  const lost = audit.courses.filter((course) => course.uncounted && course.uncounted.because !== "not_yet_due");
  pane.querySelector(`#${prefix}-uncounted`).replaceChildren(...(lost.length === 0 ? [] : [
    make("h3", t("audit.uncountedTitle")),
    make("ul.plain", lost.map((course) => make("li", make("strong", course.code), ` ${course.title ?? ""} · ${credits(course.uncounted.credits)} · `,
      t(`audit.uncounted.${course.uncounted.because}`), course.alternatives.length > 0 && make("span.hint", ` (${course.alternatives.map(plan.poolName).join(", ")})`)))),
  ]));
  pane.querySelector(`#${prefix}-remarks`).replaceChildren(...remarks.filter((remark) => !remark.pool).map(remarkItem),
    ...(audit.pins ?? []).filter((pin) => pin.cost).slice(0, 1).map((pin) => make("li", t("audit.pinCost", {
      credits: credits(Math.abs(pin.cost.completed) + Math.abs(pin.cost.inProgress) + Math.abs(pin.cost.planned)) }))));
}

// keepOpen makes a block anew when it changes, open if it was.
const keepOpen = (sign, build) => (item, old) => {
  const next = keep(sign, build)(item, old);
  if (old && next !== old) next.open = old.open;
  return next;
};

function requirement(plan, r, courses, remarks, prefix) {
  return make("details", { class: `requirement is-${r.status}`, id: `${prefix}-${slug(r.id)}`, open: r.status === "missing" },
    make("summary", make("span.requirement-name", poolText(r.name)), " ",
      make("span.hint", t(`audit.status.${r.status}`), r.required > 0 && ` · ${t("audit.of", { done: formatNumber(r.required - r.remaining), all: credits(r.required) })}`)),
    r.required > 0 && progressBar(r, r.required),
    r.note && make("p.hint", r.note),
    remarks.length > 0 && make("ul.plain.remarks", remarks.map(remarkItem)),
    r.courses.length > 0 && make("div.scroll", make("table",
      make("thead", make("tr", ["course", "credits", "state", "why"].map((name) => make("th", { scope: "col" }, t(`audit.column.${name}`))))),
      make("tbody", r.courses.map((c) => row(plan, r, c, courses.get(c.code)))))),
    r.choices.length > 0 && make("div", make("h3", t("audit.could")),
      make("ul.plain.choices", r.choices.map((choice) => make("li",
        button(choice.code, () => plan.openCourse(choice.code), { class: "link", "aria-label": t("plan.left.planOf", { code: choice.code }) }), ` ${choice.title} · ${credits(choice.credits)}`,
        choice.nextTerm && make("span.hint", ` · ${t("audit.next")}`)))),
      r.moreChoices > 0 && button(t("audit.more", { count: r.moreChoices }), () => plan.openPicker(r.id), { class: "small quiet" })));
}

function row(plan, r, c, course) {
  const count = course?.counts.find((entry) => entry.pool === r.id);
  const others = course?.alternatives ?? [];
  return make("tr", { class: `is-${c.status}` },
    make("td", button(c.code, () => plan.openCourse(c.code), { class: "link", "aria-label": t("plan.detailsOf", { code: c.code }) }), " ", course?.title),
    make("td.number", credits(c.credits)),
    make("td", make("span.state", t(course?.via ? `plan.state.${course.via === "transfer" ? "transfer" : "exemption"}` : `plan.state.${c.status}`)), " ",
      course?.term && make("span.hint", termName(course.term))),
    make("td", count && t(`audit.because.${count.because}`, { course: count.for ?? "" }),
      others.length > 0 && make("span.hint", ` · ${t("audit.also", { pools: others.map(plan.poolName).join(", ") })}`),
      plan.canPin !== false && pinButtons(plan, r, c.code, count, others)));
}

// pinButtons hold a course to another requirement that it could count in, or let it go again.
const pinButtons = (plan, r, code, count, others) => make("span.card-buttons",
  count?.because === "pinned" && button(t("plan.pin.unset"), () => plan.run([{ op: "unpinCourse", course: code }], {
    codes: [code], say: t("plan.said.unpinned", { code }), focus: [`audit-${slug(r.id)}`] }), { class: "small quiet", id: `unpin-${slug(code)}`, "aria-label": `${t("plan.pin.unset")}: ${code}` }),
  others.map((id) => button(t("audit.pinTo", { pool: plan.poolName(id) }), () => plan.run([{ op: "pinCourse", course: code, pool: id }], {
    codes: [code], say: t("plan.said.pinned", { code }), focus: [`unpin-${slug(code)}`] }), { class: "small quiet", id: `pin-${slug(code)}-${slug(id)}`, "aria-label": `${code}: ${t("audit.pinTo", { pool: plan.poolName(id) })}` })));
