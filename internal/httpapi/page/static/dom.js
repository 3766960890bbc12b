// Elements are made here and nowhere from text, so that nothing that a document says can become markup.

export const $ = (id) => document.getElementById(id);

// make returns an element. Properties are set as they are; "class", "for" and aria-… are attributes; children are elements or
// text, and null is nothing.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class" || name === "for" || name === "role" || name.startsWith("aria-") || name.startsWith("data-")) {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// credits writes a number of credits for people.
export const credits = (n) => `${Number(n.toFixed(2))} ${n === 1 ? "credit" : "credits"}`;
