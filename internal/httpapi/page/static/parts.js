// Small parts of the plan's views.

import { make, openDialog, shape } from "./dom.js";
import { credits, formatNumber, t } from "./text.js";

export const slug = (text) => text.replace(/[^A-Za-z0-9]+/g, "-");

// keep makes a renderer that leaves a node alone while what it shows is the same.
export const keep = (sign, build) => (item, old) => {
  const seal = JSON.stringify(sign(item));
  if (old?.seal === seal) return old;
  return Object.assign(build(item), { seal });
};

export const partNames = ["completed", "inProgress", "planned", "remaining"];

// progressBar draws the parts of a number of credits; each has a class, which gives its colour.
export function progressBar(parts, required) {
  const label = t("plan.bar", { completed: formatNumber(parts.completed), required: credits(required) });
  const bar = shape("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", role: "img", "aria-label": label });
  let x = 0;
  for (const name of partNames) {
    const width = required > 0 ? Math.min(100 - x, (parts[name] / required) * 100) : 0;
    if (width > 0) bar.append(shape("rect", { class: `part-${name}`, x, y: 0, width, height: 4 }));
    x += width;
  }
  return bar;
}

export const button = (text, onclick, more = {}) => make("button", { type: "button", onclick, ...more }, text);

// fold is a block that opens; its summary is its first child.
export const fold = (id, ...body) => make("details.fold", { id }, make("summary"), body);

// cancelButton closes its dialog. It does not submit, so that Enter in a field stands for the other button.
export const cancelButton = (key = "page.cancel") => button(t(key), (e) => e.target.closest("dialog").close(), { class: "quiet" });

// dialogActions are a button that cancels a dialog and one that closes it with the value "yes".
export const dialogActions = (yes, more = {}) => [cancelButton(), make("button", { value: "yes", ...more }, yes)];

// field is a labelled field; what follows belongs to it.
export const field = (label, input, ...more) => make("p.field", make("label", { for: input.id }, label), input, more);

// askName asks for the name of a plan. It resolves to "" when there is none.
export const askName = (title, value, { yes = t("menu.ok"), returnFocus } = {}) => new Promise((resolve) => {
  const name = make("input", { id: "plan-new-name", maxLength: 100, autocomplete: "off", value: value.slice(0, 100) });
  openDialog({
    title, returnFocus, body: field(t("saved.name"), name), actions: dialogActions(yes, { id: "name-ok" }),
    onClose: (answer) => resolve(answer && name.value.trim()),
  });
  name.select();
});

// markWrong says what is wrong with a field, and puts the focus on it; "" takes that back.
export function markWrong(input, place, text) {
  place.textContent = text;
  if (!text) return input.removeAttribute("aria-invalid");
  input.setAttribute("aria-invalid", "true");
  return input.focus();
}

// dotted joins the parts of a line that there are.
export const dotted = (...parts) => parts.filter(Boolean).join(" · ");
