// The texts of the page: one table a language, chosen by the browser's language or by the switch.

const languageKey = "trackmydegree.language";
export const languages = { en: "English", fr: "Français" };
const locales = { en: "en-CA", fr: "fr-CA" };

// The bundle adds the texts of the plan, text-plan-*.js, to the table of its language.
const loaders = { en: () => import("./text-en.js"), fr: () => import("./text-fr.js") };

let language = "en";
let table = {};
let plurals;
let numbers;

function preferredLanguage() {
  const chosen = localStorage.getItem(languageKey);
  if (chosen in languages) return chosen;
  return navigator.languages.map((l) => l.slice(0, 2)).find((l) => l in languages) ?? "en";
}

// unpackTexts reads a table as the bundle packs it: how many texts have numbers for keys, these texts, and the others by
// groups of keys with a common beginning.
function unpackTexts(packed) {
  const [count, ...lines] = packed.split("\n"), out = lines.splice(0, Number(count));
  let group = "";
  for (const line of lines) {
    const at = line.indexOf(" ");
    if (at < 0) group = line;
    else out[group + line.slice(0, at)] = line.slice(at + 1);
  }
  return out;
}

async function loadLanguage(wanted) {
  table = unpackTexts((await loaders[wanted]()).default);
  language = wanted;
  plurals = new Intl.PluralRules(locales[language]);
  numbers = new Intl.NumberFormat(locales[language], { maximumFractionDigits: 2 });
  document.documentElement.lang = locales[language];
}

export const currentLanguage = () => language;

// setLanguage keeps the choice for the next visits.
export async function setLanguage(wanted) {
  await loadLanguage(wanted);
  localStorage.setItem(languageKey, wanted);
}

export const hasText = (key) => key in table;

// t returns the text of a key, with {name} replaced by the parameter of that name. A text with forms for one and for
// others has a bar between them; params.count chooses.
export function t(key, params = {}) {
  let text = table[key];
  if (text === undefined) {
    console.error(`no text: ${key}`);
    return key;
  }
  if (text.includes("|")) text = text.split("|")[plurals.select(params.count) === "one" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (typeof value === "number") return formatNumber(value);
    return value ?? whole;
  });
}

export const formatNumber = (n) => numbers.format(n);

// credits writes a number of credits with its unit.
export const credits = (n) => t("unit.credits", { count: n });

// termName writes a term of the API, such as FALL 2026, for people.
export function termName(term) {
  const [, seasons, years] = /^(\S+) (.+)$/.exec(term ?? "") ?? [];
  if (!seasons) return term ?? "";
  const names = seasons.split("/").map((season) => {
    const key = `term.${season.toLowerCase()}`;
    return hasText(key) ? t(key) : season;
  });
  return `${names.join("/")} ${years}`;
}

export const formatDate = (when) => new Date(when).toLocaleDateString(locales[language], { day: "numeric", month: "short", year: "numeric" });
export const formatTime = (when) => new Date(when).toLocaleTimeString(locales[language], { hour: "numeric", minute: "2-digit" });
export const compareText = (a, b) => a.localeCompare(b, locales[language]);

// problemText is the sentence for an error of the API: by its code, else the server's own.
export function problemText(error) {
  const key = `problem.${error.code}`;
  if (error.code && hasText(key)) return t(key);
  return language === "en" ? error.message : t("problem.internal");
}

// fieldTexts say what is wrong with each field of an error, with its path if withName. What the API has in English only
// is said in other languages by the field, and by the courses and numbers that the sentence is about.
export const fieldTexts = (error, withName = false) => (error?.fields ?? []).map(({ field, message }) => {
  if (language === "en" || error.isTranslated) return withName && field ? `${field}: ${message}` : message;
  const about = message.match(/\b[A-Z]{3,4} \d{3,4}\b|\b\d+(\.\d+)?\b/g);
  return t("field.other", { field }) + (about ? ` (${[...new Set(about)].join(", ")})` : "");
});

// detailText is the server's own sentence where it says more than text: it may name the page or the row.
export const detailText = (error, text) => (language === "en" && error.message !== text && /\d/.test(error.message) ? error.message : "");

// poolText is the name of a requirement, which the API has in English: other languages compose it of its kind and its
// subjects, and keep a subject that they do not know.
export function poolText(name) {
  if (language === "en") return name;
  const [, extended, option, subject, kind, more] = /^(ECP )?(?:Option ([A-C]) – )?(.*?) ?(Complementary Core|Core|Technical Elective Courses|Electives|Group|Courses)?(?:: (.*))?$/.exec(name);
  const say = (part) => { const key = `pool.${part.replace(/\W+/g, "_")}`; return hasText(key) ? t(key) : part; };
  const subjects = [subject, more].filter(Boolean).map(say).join(" – ");
  return (kind ? [say(kind), subjects].filter(Boolean).join(" : ") : subjects) + (option ? `, option ${option}` : "") + (extended ? ` (${say("ECP")})` : "");
}

// warningText is the sentence for a warning of the API, which is in English: other languages have one for its code, after
// the course and the term that it is about.
export function warningText(warning, withPlace = true) {
  if (language === "en") return warning.message;
  const key = `warning.${warning.code}`, place = withPlace ? [warning.course, warning.term && termName(warning.term)].filter(Boolean) : [];
  return place.join(", ") + (place.length > 0 ? " : " : "") + t(hasText(key) ? key : "plan.remark.other");
}

// listOf joins names as a sentence does.
export const listOf = (names) => new Intl.ListFormat(locales[language], { type: "conjunction" }).format(names);

await loadLanguage(preferredLanguage());
