// Small parts of the plan's views.

import { make, shape } from "./dom.js";
import { t } from "./text.js";

export const slug = (text) => text.replace(/[^A-Za-z0-9]+/g, "-");

// keep makes a renderer that leaves a node alone while what it shows is the same.
export const keep = (sign, build) => (item, old) => {
  const seal = JSON.stringify(sign(item));
  if (old?.seal === seal) return old;
  return Object.assign(build(item), { seal });
};

// stackedBar draws shares of a whole; each has a class, which gives its colour.
export function stackedBar(label, shares, whole) {
  let x = 0;
  const bar = shape("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", role: "img", "aria-label": label });
  for (const [name, value] of shares) {
    const width = whole > 0 ? Math.min(100 - x, (value / whole) * 100) : 0;
    if (width > 0) bar.append(shape("rect", { class: `part-${name}`, x, y: 0, width, height: 4 }));
    x += width;
  }
  return bar;
}

export const button = (text, onclick, more = {}) => make("button", { type: "button", onclick, ...more }, text);

// fold is a block that opens; its summary is its first child.
export const fold = (id, ...body) => make("details", { id, class: "fold" }, make("summary", {}), body);

// cancelButton closes its dialog. It does not submit, so that Enter in a field stands for the other button.
export const cancelButton = (key = "page.cancel") => button(t(key), (e) => e.target.closest("dialog").close(), { class: "quiet" });
