// Elements are made here and nowhere from text, so that nothing that a document says can become markup.

export const $ = (id) => document.getElementById(id);

// attributes are set as attributes; everything else is a property of the element.
const isAttribute = (name) => /^(class|for|role|aria-.*|data-.*)$/.test(name);

// make returns an element. tag may have classes, "p.hint". An object after it has properties and attributes; what follows
// are the children, elements or text: null, undefined and false are nothing.
export function make(tag, ...rest) {
  const [name, ...classes] = tag.split("."), element = document.createElement(name);
  const properties = rest[0]?.constructor === Object ? rest.shift() : {};
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (isAttribute(key)) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...rest.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// shape returns an SVG element with its attributes. The policy forbids inline styles, so bars and icons are SVG.
export function shape(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// updateKeyed makes the children of parent those of items, in their order. A child whose key stays is kept, with its
// focus, its scroll position and its open details: render(item, node) gets it and returns it, changed in place, or
// returns another one. Without a node so far, node is null. Children that updateKeyed did not make are not touched.
export function updateKeyed(parent, items, key, render) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const keys = items.map((item) => String(key(item)));
  const wanted = new Set(keys);
  const kept = new Map();
  for (const child of [...parent.children]) {
    if (child.dataset.key === undefined) continue;
    if (wanted.has(child.dataset.key)) kept.set(child.dataset.key, child);
    else child.remove();
  }
  let next = [...parent.children].find((child) => child.dataset.key !== undefined) ?? null;
  for (const [i, item] of items.entries()) {
    const id = keys[i];
    const before = kept.get(id) ?? null;
    const node = render(item, before);
    node.dataset.key = id;
    if (before && before !== node) {
      before.replaceWith(node);
      if (next === before) next = node;
    }
    if (node === next) next = node.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  // Moving an element takes the focus from it.
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

let dialogs = 0;

// openDialog shows a modal dialog with a title. body is nodes; actions are buttons, of which those with a value close
// the dialog: onClose(value) gets "" for Escape. The focus returns to where it was, or to what returnFocus() finds.
export function openDialog({ title, body, actions = [], onClose, returnFocus, className }) {
  const id = `dialog-${++dialogs}`;
  const opener = document.activeElement;
  const form = make("form", { method: "dialog", noValidate: true }, make("h2", { id, tabIndex: -1 }, title), body,
    actions.length > 0 && make("div.actions", actions));
  const dialog = make("dialog", { class: className, "aria-labelledby": id }, form);
  dialog.addEventListener("close", () => {
    const value = dialog.returnValue;
    dialog.remove();
    const target = returnFocus?.() ?? opener;
    if (target?.isConnected) target.focus();
    onClose?.(value);
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// ask resolves to whether the person chose yes.
export const ask = ({ title, text, yes, no, danger }) => new Promise((resolve) => {
  openDialog({
    title,
    body: make("p", text),
    actions: [
      make("button.quiet", { value: "" }, no),
      make("button", { value: "yes", class: danger && "danger" }, yes),
    ],
    onClose: (value) => resolve(value === "yes"),
  });
});

// downloadFile gives the person a file that was made in the page.
export function downloadFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
