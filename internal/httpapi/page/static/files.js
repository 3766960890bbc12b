// A plan as a file: JSON to come back with, CSV for a spreadsheet, iCalendar for the terms to come.

import { creditsOf, poolName, toSaved } from "./model.js";
import { labelOf, parseTerm } from "./terms.js";
import { poolText, t, termName } from "./text.js";
import { stateWord } from "./words.js";

const mostImport = 1 << 20; // bytes

export const fileName = (data, extension) =>
  `${(data.timelineName || data.degree.name).replace(/[^\p{L}\p{N} -]+/gu, "").trim().replace(/\s+/g, "-").slice(0, 60) || "plan"}.${extension}`;

export const toJSON = (data) => JSON.stringify(toSaved(data), null, 2);

// quote writes a cell. One that a spreadsheet would take for a formula gets an apostrophe before it.
const quote = (value) => {
  const text = String(value ?? ""), safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
};

export function toCSV(data) {
  const rows = [["read.addTerm", "plan.past.course", "read.courseTitle", "plan.past.credits", "plan.past.state", "plan.past.counts"].map((key) => t(key))];
  for (const semester of data.semesters) {
    for (const sitting of semester.courses) {
      const course = data.courses[sitting.code];
      const pools = (course?.counts ?? []).map((count) => poolText(poolName(data, count.pool)));
      rows.push([termName(semester.term), sitting.code, course?.title ?? "", creditsOf(data, sitting), stateWord(data, sitting, semester.term), pools.join("; ")]);
    }
  }
  return `\ufeff${rows.map((row) => row.map(quote).join(",")).join("\r\n")}\r\n`;
}

const months = { WINTER: ["0101", "0501"], SUMMER: ["0501", "0901"], FALL: ["0901", "1231"] };
const escapeText = (text) => text.replace(/[\\;,]/g, (c) => `\\${c}`).replace(/\r?\n/g, "\\n");

// foldLine cuts a line after at most 75 bytes (RFC 5545, section 3.1).
function foldLine(line) {
  const out = [];
  let part = "", size = 0;
  for (const c of line) {
    const bytes = new TextEncoder().encode(c).length;
    if (size + bytes > 74) {
      out.push(part);
      part = "";
      size = 0;
    }
    part += c;
    size += bytes;
  }
  return [...out, part].join("\r\n ");
}

// toCalendar is an entry for each term with courses, from its first month to the end of its last.
export function toCalendar(data, now = new Date()) {
  const stamp = `${now.toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//TrackMyDegree//Plan//EN"];
  for (const semester of data.semesters) {
    if (semester.courses.length === 0) continue;
    const { begin, end } = parseTerm(semester.term);
    const [first, last] = [labelOf(begin), labelOf(end)].map((label) => label.split(" "));
    lines.push("BEGIN:VEVENT", `UID:${semester.term.replace(/[^A-Z0-9]+/g, "-")}@trackmydegree`, `DTSTAMP:${stamp}`,
      `DTSTART;VALUE=DATE:${first[1]}${months[first[0]][0]}`, `DTEND;VALUE=DATE:${last[1]}${months[last[0]][1]}`,
      `SUMMARY:${escapeText(`${termName(semester.term)}: ${semester.courses.map((c) => c.code).join(", ")}`)}`,
      `DESCRIPTION:${escapeText(semester.courses.map((c) => [c.code, data.courses[c.code]?.title].filter(Boolean).join(" ")).join("\n"))}`,
      "TRANSP:TRANSPARENT", "END:VEVENT");
  }
  return `${[...lines, "END:VCALENDAR"].map(foldLine).join("\r\n")}\r\n`;
}

const fields = ["timelineName", "degreeId", "calendar", "isCoop", "isExtendedCredit", "semesters", "courseStatusMap", "exemptions", "deficiencies",
  "extraCourses", "creditsRequired", "transfers", "warnings", "pins", "waivers"];

// readImport reads a file that was exported here, or a saved plan of the API.
export async function readImport(file) {
  if (!file || file.size > mostImport) throw new Error("too large");
  const value = JSON.parse(await file.text());
  return Object.fromEntries(fields.filter((name) => value[name] !== undefined).map((name) => [name, value[name]]));
}
