// Terms as the calendar orders them: three to a year, each a number that grows with time.

const starts = { winter: [0, 0], "winter/summer": [0, 1], spring: [1, 1], summer: [1, 1], fall: [2, 2], "fall/winter": [2, 3] };
const seasons = ["WINTER", "SUMMER", "FALL"];

// parseTerm reads a label such as "FALL/WINTER 2028-29". begin and end are the first and the last term that it spans.
export function parseTerm(label) {
  const [season, years] = label.toLowerCase().split(" ");
  const year = Number.parseInt(years, 10), span = starts[season] ?? [0, 0];
  return { season, years: years?.toUpperCase() ?? "", begin: year * 3 + span[0], end: year * 3 + span[1] };
}

export const compareTerms = (a, b) => {
  const x = parseTerm(a), y = parseTerm(b);
  return x.begin - y.begin || x.end - y.end || a.localeCompare(b);
};

export const labelOf = (slot) => `${seasons[slot % 3]} ${Math.floor(slot / 3)}`;

export const seasonOf = (slot) => ["Winter", "Summer", "Fall"][slot % 3];

// currentSlot is the term of a day, by the university's clock.
export function currentSlot(now = new Date()) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: "America/Toronto", year: "numeric", month: "numeric" }).formatToParts(now);
  const read = (type) => Number(parts.find((part) => part.type === type).value);
  return read("year") * 3 + Math.floor((read("month") - 1) / 4);
}

export const isPast = (label, current) => parseTerm(label).end < current;
