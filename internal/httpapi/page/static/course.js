// The dialog of a course: the term it is planned in with what each term would say, where it counts, and what the student
// says of it.

import { make, openDialog } from "./dom.js";
import { boardTerms, foresee, isExempted, isOwed, loadOf, repeatsOf, sittingsOf } from "./model.js";
import { remarkItem } from "./board.js";
import { button, cancelButton, dialogActions, dotted, slug } from "./parts.js";
import { isPast, parseTerm } from "./terms.js";
import { credits, t, termName } from "./text.js";
import { remarkText, seasonName } from "./words.js";

const nowhere = "none";

// openCourse opens the dialog. from is the term of the sitting that is moved; sitting is that of a placeholder.
export async function openCourse(plan, code, from = null, sitting = null) {
  const { data } = plan.store.state;
  const course = plan.findCourse(code) ?? (sitting?.pool !== undefined ? null : await plan.readCourse(code));
  const status = data.courses[code]?.status;
  const isOver = from !== null && isPast(from, plan.current);
  if (!from) from = data.semesters.find((s) => !isPast(s.term, plan.current) && s.courses.some((c) => c.code === code))?.term ?? null;
  if (isOver) from = null;
  const isPlanned = from !== null;
  const isClosed = !isPlanned && (status?.via || (status?.status === "completed" && !repeatsOf(data, plan.current).has(code)));
  const radios = isClosed ? null : termRadios(plan, data, course, code, from);
  let act = null;
  const choose = (changes, say, focus = [`move-${slug(code)}`, `left-${slug(code)}`, "left-title"]) => () => {
    act = [changes, { codes: [code], say, focus }];
    dialog.close();
  };
  const facts = course && dotted(credits(course.credits), course.offeredIn?.length > 0 && t("plan.offered", { seasons: course.offeredIn.map(seasonName).join(", ") }));
  const own = data.courses[code] ? data.remarks.filter((remark) => remark.course === code) : [];
  const dialog = openDialog({
    title: code, className: "wide",
    body: [
      course?.title && make("p", make("strong", course.title)), facts && make("p.hint", facts),
      radios, own.length > 0 && remarkList(own, choose), course && aboutCourse(plan, data, code, choose, !radios),
    ],
    actions: radios ? dialogActions(t(isPlanned ? "plan.move" : "plan.plan"), { id: "course-move" }) : cancelButton(),
    onClose: (value) => {
      if (act) return plan.run(...act);
      if (!value) return;
      const to = radios.querySelector("input:checked")?.value;
      if (!to || to === from) return;
      plan.moveCourse(code, from, to === nowhere ? null : to);
    },
  });
  (dialog.querySelector("input:checked") ?? dialog.querySelector("h2")).focus();
}

// termRadios lists the terms with what each would say. Nothing happens before the button is pressed.
function termRadios(plan, data, course, code, from) {
  const sittings = sittingsOf(data), terms = boardTerms(data, plan.current);
  const said = terms.map((s) => course ? foresee(data, { code, ...course }, s.term, { current: plan.current, from, sittings: without(sittings, code, from) }) : []);
  // The current term is under way: a course is planned after it unless the student chooses otherwise.
  const ahead = terms.map((s) => parseTerm(s.term).begin > plan.current);
  const first = [terms.findIndex((s, i) => ahead[i] && said[i].length === 0), ahead.indexOf(true), 0].find((i) => i >= 0);
  const rows = terms.map((semester, i) => {
    const isThere = semester.term !== from && semester.courses.some((c) => c.code === code);
    const id = `to-${slug(semester.term)}`;
    return make("li", make("input", { type: "radio", name: "term", id, value: semester.term, disabled: isThere, checked: from ? semester.term === from : i === first }),
      make("label", { for: id }, termName(semester.term), " ",
        make("span.hint", dotted(semester.term === from && t("plan.here"), credits(loadOf(data, semester)))),
        said[i].map((remark) => make("span.hint.warn", remarkText(remark)))));
  });
  if (from) {
    rows.push(make("li", make("input", { type: "radio", name: "term", id: "to-none", value: nowhere }), make("label", { for: "to-none" }, t("plan.notPlanned"))));
  }
  return make("fieldset.radios", make("legend", t("plan.chooseTerm")), make("ul.plain", rows));
}

// without leaves a sitting out: a course does not stand in its own way.
function without(sittings, code, from) {
  const out = new Map(sittings);
  out.set(code, (out.get(code) ?? []).filter((s) => s.term !== from));
  if (out.get(code).length === 0) out.delete(code);
  return out;
}

function remarkList(remarks, choose) {
  return make("ul.plain.remarks", { id: "course-remarks" }, remarks.map((remark) => {
    const item = remarkItem(remark);
    item.append(" ", waiveButton(remark, choose) || "");
    return item;
  }));
}

// waiveButton waives a remark about a course, a requirement or a term, or takes that back. An info needs no waiver.
export function waiveButton(remark, choose) {
  const kind = ["course", "pool", "term"].find((name) => remark[name]), target = { code: remark.code, [kind]: remark[kind] };
  const props = (op) => ({ class: "small quiet", id: [op, remark.code, kind !== "course" && slug(remark[kind])].filter(Boolean).join("-") });
  return remark.waived
    ? button(t("plan.unwaive"), choose([{ op: "unwaiveRemark", ...target }], t("plan.said.unwaived")), props("unwaive"))
    : remark.level !== "info" && button(t("plan.waive"), choose([{ op: "waiveRemark", ...target, reason: t("plan.waiveReason") }], t("plan.said.waived")), props("waive"));
}

// aboutCourse is where a course counts, where else it could, and what the student says of it.
function aboutCourse(plan, data, code, choose, isOpen) {
  const entry = data.courses[code], counts = entry?.counts ?? [];
  const places = data.pools.filter((pool) => pool.creditsRequired > 0 && pool.courses.includes(code));
  const pinned = data.pins?.[code];
  const select = make("select", { id: "pin-pool" }, places.map((pool) => make("option", { value: pool._id, selected: pool._id === (pinned ?? counts[0]?.pool) }, plan.poolName(pool._id))));
  const isVia = (via) => entry?.status.via === via;
  const markRow = (as, isSet) => make("li", button(t(isSet ? `plan.unmark.${as}` : `plan.mark.${as}`),
    choose([{ op: isSet ? "unmarkCourse" : "markCourse", course: code, as }], t("plan.said.marked", { code })), { class: "small quiet", id: `mark-${as}` }));
  return make("details.fold", { id: "course-more", open: isOpen }, make("summary", t("plan.more")),
    counts.length > 0 && make("ul.plain", counts.map((count) => make("li", t("plan.countsIn", { credits: credits(count.credits), pool: plan.poolName(count.pool) }), " ",
      make("span.hint", t(`audit.because.${count.because}`, { course: count.for ?? "" }))))),
    (places.length > 1 || pinned) && make("p.pin", make("label", { for: select.id }, t("plan.pin.label")), select,
      button(t("plan.pin.set"), () => choose([{ op: "pinCourse", course: code, pool: select.value }], t("plan.said.pinned", { code }))(), { class: "small quiet", id: "pin-set" }),
      pinned && button(t("plan.pin.unset"), choose([{ op: "unpinCourse", course: code }], t("plan.said.unpinned", { code })), { class: "small quiet", id: "pin-unset" })),
    make("ul.plain.marks",
      markRow("transferred", isVia("transfer")), markRow("exempted", isExempted(data, code)), markRow("deficient", isOwed(data, code))));
}
