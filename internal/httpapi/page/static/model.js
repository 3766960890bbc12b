// What can be said of a plan without asking the server. Nothing here touches the page, and nothing changes its input.

import { compareTerms, isPast, labelOf, parseTerm, seasonOf } from "./terms.js";

const live = new Set(["completed", "inprogress", "planned"]);
export const ahead = 3; // terms that are offered after the current one
export const mostLoad = 19; // credits of a term
const listedAtOnce = 80; // a longer list is a choice, and is not fetched before it is opened

export const isWorkTerm = (code) => code.startsWith("CWT");
export const isCode = (code) => /^[A-Z]{2,4} \d{3,4}[A-Z]?$/.test(code);
export const statusOf = (data, code) => data.courses[code]?.status ?? { status: "incomplete", semester: null };
export const isLive = (data, code) => live.has(statusOf(data, code).status);
export const poolName = (data, id) => data.pools.find((pool) => pool._id === id)?.name ?? id;
const listOf = (data, id) => data.pools.find((pool) => pool._id === id)?.courses ?? [];
export const isOwed = (data, code) => listOf(data, "deficiencies").includes(code);
export const isExempted = (data, code) => listOf(data, "exemptions").includes(code);

// applyDelta brings a plan up to date with what an edit changed.
export function applyDelta(data, delta) {
  const next = { ...data };
  for (const name of ["timelineName", "isCoop", "isExtendedCredit", "degree", "totals", "pins", "waivers"]) {
    if (delta[name] !== undefined) next[name] = delta[name];
  }
  if (delta.graduation) next.graduation = delta.graduation.after ?? undefined;
  if (delta.semesters || delta.removedTerms) {
    const gone = new Set([...(delta.removedTerms ?? []), ...(delta.semesters ?? []).map((s) => s.term)]);
    next.semesters = [...data.semesters.filter((s) => !gone.has(s.term)), ...(delta.semesters ?? [])]
      .sort((a, b) => compareTerms(a.term, b.term));
  }
  if (delta.courses || delta.removedCourses) {
    next.courses = { ...data.courses };
    for (const [code, course] of Object.entries(delta.courses ?? {})) next.courses[code] = { ...next.courses[code], ...course };
    for (const code of delta.removedCourses ?? []) delete next.courses[code];
  }
  if (delta.pools || delta.removedPools) {
    const changed = new Map((delta.pools ?? []).map((pool) => [pool._id, pool]));
    next.pools = data.pools.filter((pool) => !delta.removedPools?.includes(pool._id)).map((pool) => changed.get(pool._id) ?? pool);
    for (const pool of changed.values()) if (!next.pools.includes(pool)) next.pools.push(pool);
  }
  const credits = new Map((delta.credits?.pools ?? []).map((pool) => [pool._id, pool]));
  const known = data.progress.pools.filter((pool) => !delta.removedPools?.includes(pool._id)).map((pool) => credits.get(pool._id) ?? pool);
  for (const pool of credits.values()) if (!known.includes(pool)) known.push(pool);
  next.progress = { overall: delta.credits?.overall ?? data.progress.overall, pools: known };
  next.remarks = updateList(data.remarks, delta.remarks);
  if (delta.warnings) next.warnings = updateList(data.warnings, delta.warnings);
  delete next.plan;
  return next;
}

function updateList(list, change) {
  if (!change) return list;
  const gone = change.gone.map((entry) => JSON.stringify(entry));
  return [...list.filter((entry) => {
    const at = gone.indexOf(JSON.stringify(entry));
    if (at >= 0) gone.splice(at, 1);
    return at < 0;
  }), ...change.appeared];
}

// toSaved is the form in which a plan is exported and imported: the owner's decisions, without the catalogue.
export function toSaved(data) {
  const sat = new Set(data.semesters.flatMap((s) => s.courses.map((c) => c.code)));
  const courses = Object.values(data.courses);
  return {
    timelineName: data.timelineName ?? "", degreeId: data.degree._id, calendar: data.calendar,
    isCoop: data.isCoop, isExtendedCredit: data.isExtendedCredit, semesters: data.semesters,
    courseStatusMap: Object.fromEntries(courses.filter((c) => c.status.status !== "incomplete" || c.status.message || sat.has(c.id))
      .map((c) => [c.id, c.status])),
    exemptions: listOf(data, "exemptions"), deficiencies: listOf(data, "deficiencies"),
    extraCourses: courses.filter((c) => c.inCatalogue === false).map(({ id, title, credits }) => ({ code: id, title, credits })),
    creditsRequired: data.totals.source === "document" ? data.totals.required : 0,
    transfers: data.transfers ?? [], warnings: data.warnings, pins: data.pins ?? {}, waivers: data.waivers ?? [],
  };
}

// toPatch is the edit that makes one state of a plan of another.
export function toPatch(from, to) {
  const patch = {}, a = toSaved(from), b = toSaved(to);
  for (const name of ["timelineName", "isCoop", "isExtendedCredit", "semesters", "exemptions", "deficiencies", "pins", "waivers"]) {
    if (JSON.stringify(a[name]) !== JSON.stringify(b[name])) patch[name] = b[name];
  }
  const states = {};
  for (const code of new Set([...Object.keys(a.courseStatusMap), ...Object.keys(b.courseStatusMap)])) {
    const x = a.courseStatusMap[code], y = b.courseStatusMap[code] ?? { status: "incomplete", semester: null };
    const marked = x?.via || y.via || x?.status === "completed" || y.status === "completed";
    if (marked && JSON.stringify(x) !== JSON.stringify(y)) states[code] = y;
  }
  if (Object.keys(states).length > 0) patch.courses = states;
  return patch;
}

// boardTerms are the terms of the board: those of the plan that are not over, the current one and at least three more.
export function boardTerms(data, current) {
  const terms = new Map(data.semesters.filter((s) => !isPast(s.term, current)).map((s) => [s.term, { ...s, isKept: true }]));
  for (let slot = current; slot <= current + ahead; slot++) {
    const term = labelOf(slot);
    if (!terms.has(term)) terms.set(term, { term, courses: [], isKept: false });
  }
  return [...terms.values()].sort((a, b) => compareTerms(a.term, b.term));
}

export const creditsOf = (data, sitting) => sitting.credits ?? data.courses[sitting.code]?.credits ?? 3;

export const loadOf = (data, semester) =>
  semester.courses.reduce((sum, sitting) => sum + (isWorkTerm(sitting.code) ? 0 : creditsOf(data, sitting)), 0);

// changesTo are the changes that put a course into a term, or with null out of its terms that are not over.
export function changesTo(data, code, from, to, pool) {
  if (to === null) return [{ op: "removeCourse", course: code, ...(from && { term: from }) }];
  const added = data.semesters.some((s) => s.term === to) ? [] : [{ op: "addTerm", term: to }];
  return [...added, from ? { op: "moveCourse", course: code, from, to } : { op: "placeCourse", course: code, term: to, ...(pool && { pool }) }];
}

// rulesOf reads the rules of a course of a plan or of the catalogue.
const rulesOf = (course) => (course.rules ?? []).map((rule) => ({ ...rule, ...rule.params }));

// sittingsOf tells when each course of a plan is sat, and how that ended.
export function sittingsOf(data) {
  const out = new Map();
  const add = (code, sitting) => out.set(code, [...(out.get(code) ?? []), sitting]);
  for (const semester of data.semesters) {
    const { begin, end } = parseTerm(semester.term);
    for (const { code } of semester.courses) add(code, { begin, end, term: semester.term });
  }
  for (const [code, course] of Object.entries(data.courses)) if (course.status.via) add(code, { begin: 0, end: 0 });
  return out;
}

// foresee lists what the rules would say to a course in a term. It is a hint: the audit of the server decides.
export function foresee(data, course, label, { current, from, sittings = sittingsOf(data) }) {
  const { begin, end } = parseTerm(label), found = [];
  const counts = (code, isSame) => (sittings.get(code) ?? []).some((s) => (isSame ? s.begin <= end : s.end < begin) &&
    (s.begin >= current || isLive(data, code)));
  // Courses that admission provides are outside of the degree and of the record: the page does not ask for them.
  const isAsked = (code) => sittings.has(code) || data.pools.some((pool) => pool.courses.includes(code));
  for (const rule of rulesOf(course)) {
    const list = [...new Set(rule.courseList ?? [])];
    if (/requisite/.test(rule.type)) {
      const missing = list.filter((code) => !counts(code, rule.type !== "prerequisite"));
      if (list.length - missing.length < Math.min(rule.minCourses ?? 1, list.length) && missing.some(isAsked)) {
        found.push({ code: rule.type, courses: missing.filter(isAsked), needed: 1 });
      }
    } else if (rule.type === "not_taken") {
      const other = list.find((code) => sittings.has(code) && isLive(data, code));
      if (other) found.push({ code: "excluded", courses: [other] });
    } else if (rule.type === "min_credits") {
      let have = 0;
      for (const [code, times] of sittings) {
        if (times.some((s) => s.end < begin) && isLive(data, code) && !isWorkTerm(code)) have += data.courses[code]?.credits ?? 0;
      }
      if (have < rule.minCredits) found.push({ code: "credits_before", credits: rule.minCredits, missing: rule.minCredits - have });
    }
  }
  const names = (course.offeredIn ?? []).join("/").split("/");
  if (course.offeredIn?.length > 0 && ![begin, end].some((slot) => names.includes(seasonOf(slot)))) {
    found.push({ code: "not_offered", offeredIn: course.offeredIn });
  }
  const there = data.semesters.find((s) => s.term === label);
  const load = (there ? loadOf(data, there) : 0) + (label === from || isWorkTerm(course.code ?? course.id) ? 0 : course.credits);
  if (load > mostLoad) found.push({ code: "overload", credits: mostLoad, missing: load - mostLoad });
  return found;
}

// repeatsOf are the courses that were sat and must be sat again: those that no attempt completes, and those below C-
// that a course to come asks for.
export function repeatsOf(data, current) {
  const out = new Map();
  for (const [code, { status }] of Object.entries(data.courses)) {
    const isSat = status.semester && isPast(status.semester, current);
    const isListed = data.pools.some((pool) => pool.creditsRequired > 0 && pool.courses.includes(code));
    if (status.status === "incomplete" && isSat && isListed) out.set(code, "failed");
  }
  for (const remark of data.remarks) {
    if (remark.code !== "c_minus" || remark.waived) continue;
    const again = data.semesters.some((s) => !isPast(s.term, current) && s.courses.some((c) => c.code === remark.course));
    if (!again) out.set(remark.course, "c_minus");
  }
  return out;
}

const sum = (list, value) => list.reduce((total, entry) => total + value(entry), 0);

// leftOf says what is left of each requirement. kind is "all", "alternatives", or "choose"; "unknown" asks for the
// courses of the pool first. catalogue is a map of the courses that are known by code.
export function leftOf(data, catalogue) {
  const out = [];
  for (const progress of data.progress.pools) {
    const pool = data.pools.find((p) => p._id === progress._id);
    if (!pool || progress.remaining <= 0 || pool._id === "deficiencies") continue;
    const open = pool.courses.filter((code) => !isLive(data, code));
    const entry = { id: pool._id, name: pool.name, remaining: progress.remaining, required: progress.creditsRequired, open, rules: pool.rules };
    const known = pool.courses.map((code) => catalogue.get(code) ?? data.courses[code]);
    if (pool.courses.length > listedAtOnce) out.push({ ...entry, kind: "choose" });
    else if (known.some((course) => !course)) out.push({ ...entry, kind: "unknown" });
    else out.push({ ...entry, ...classify(data, pool, open, known) });
  }
  return out;
}

function classify(data, pool, open, known) {
  const credits = new Map(pool.courses.map((code, i) => [code, known[i].credits]));
  const total = sum(known, (course) => course.credits);
  if (Math.abs(total - pool.creditsRequired) < 0.01) return { kind: "all", rows: open.map((code) => [code]) };
  let spare = 0;
  const rows = [], inSet = new Set();
  for (const { type, params } of pool.rules) {
    if (type !== "max_courses_from_set") continue;
    const set = params.courseList.filter((code) => credits.has(code) && !inSet.has(code));
    const most = params.maxCourses ?? 1;
    spare += sum(set.map((code) => credits.get(code)).sort((a, b) => b - a).slice(most), (n) => n);
    set.forEach((code) => inSet.add(code));
    const taken = set.filter((code) => isLive(data, code)).length;
    for (let k = taken; k < most; k++) rows.push(set.filter((code) => !isLive(data, code)));
  }
  if (spare > 0 && Math.abs(total - spare - pool.creditsRequired) < 0.01) {
    return { kind: "alternatives", rows: [...open.filter((code) => !inSet.has(code)).map((code) => [code]), ...rows] };
  }
  return { kind: "choose" };
}

// placeholdersOf are the placeholders of the board: courses that are still to be chosen.
export const placeholdersOf = (data, current) => data.semesters.filter((s) => !isPast(s.term, current))
  .flatMap((s) => s.courses.filter((c) => !data.courses[c.code] && !isCode(c.code)));

// uncounted lists the courses of which credits do not count, with these credits.
export function uncounted(data) {
  const out = [];
  for (const course of Object.values(data.courses)) {
    if (!["completed", "inprogress"].includes(course.status.status)) continue;
    const own = course.status.semester &&
      data.semesters.find((s) => s.term === course.status.semester)?.courses.find((c) => c.code === course.id)?.credits;
    const credits = own ?? (course.status.via === "exemption" ? 0 : course.credits);
    const rest = credits - sum(course.counts ?? [], (count) => count.credits);
    if (rest > 0.001 || (credits === 0 && !course.counts?.length && !isWorkTerm(course.id))) out.push({ code: course.id, title: course.title, credits: rest });
  }
  return out;
}
