// States, rules and remarks of a plan in words.

import { currentLanguage, formatNumber, hasText, t, termName } from "./text.js";

export const seasonName = (name) => name.split("/").map((part) => t(`term.${part.toLowerCase()}`)).join("/");

export const joinCodes = (codes, type = "conjunction") =>
  new Intl.ListFormat(currentLanguage(), { type }).format(codes.slice(0, 6)) + (codes.length > 6 ? "…" : "");

// remarkText says a remark in a sentence without the name of its course, which stands beside it.
export function remarkText(remark) {
  // A passed course may still be too low for the next one: the server's sentence says so.
  const key = `plan.remark.${/\bC-/.test(remark.message) && remark.code === "prerequisite" ? "prerequisite_c_minus" : remark.code}`;
  if (!hasText(key)) return currentLanguage() === "en" ? remark.message : t("plan.remark.other");
  const { courses = [], needed = 1, credits = 0, missing = 0, offeredIn = [] } = { ...remark, ...remark.params };
  return t(key, {
    courses: joinCodes(courses, needed < courses.length ? "disjunction" : "conjunction"), credits: formatNumber(credits),
    missing: formatNumber(missing), seasons: joinCodes(offeredIn.map(seasonName), "disjunction"), term: remark.term ? termName(remark.term) : "",
  });
}

export const isToCheck = (remark) => remark.level !== "info" && !remark.waived;

// isWaivedHere reports whether a remark is waived and about no course, whose own dialog would show it.
export const isWaivedHere = (remark) => remark.waived && !remark.course;

// The remedies of courses that can no longer be moved, by the sentence of the server.
const remedies = [[/^Nothing is to be done/, "done"], [/^Ask your advisor/, "advisor"]];

// remedyText says what to do about a remark.
export function remedyText(remark) {
  if (remark.params?.earliestTerm) return t("plan.remedy.from", { term: termName(remark.params.earliestTerm) });
  const key = `plan.remedy.${remedies.find(([pattern]) => pattern.test(remark.remedy))?.[1] ?? remark.code}`;
  return hasText(key) ? t(key) : currentLanguage() === "en" ? remark.remedy : "";
}

// The words for sittings that gave no credits, by what the result says of them.
const outcomes = [[/^grade not posted/, "notPosted"], [/^grade not recogni/, "notRecognised"], [/^discontinued/, "discontinued"], [/^audited/, "audited"],
  [/FNS|DNE/, "noSubmission"], [/^no credit: R\b/, "repeat"], [/^no credit|^minimum grade/, "failed"]];

// stateWord is the state of a sitting in a word or two.
export function stateWord(data, sitting, term) {
  const course = data.courses[sitting.code];
  if (!course) return t("plan.state.placeholder");
  const { status, via, semester } = course.status;
  if (via && (!semester || !term || semester === term)) return t(`plan.state.${via}`);
  const isElsewhere = term && semester && semester !== term, said = sitting.message ?? (isElsewhere ? "" : course.status.message) ?? "";
  const outcome = status === "incomplete" || isElsewhere ? outcomes.find(([pattern]) => pattern.test(said))?.[1] : null;
  if (outcome) return t(`plan.state.${outcome}`);
  if (isElsewhere) return t("plan.state.other");
  return t(`plan.state.${status}`);
}

export const stateClass = (data, sitting, term) => {
  const status = data.courses[sitting.code]?.status;
  return status && (!term || !status.semester || status.semester === term) ? status.status : "other";
};
