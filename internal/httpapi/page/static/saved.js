// My plans: open, rename, copy, delete.

import * as api from "./api.js";
import { ask, make, updateKeyed } from "./dom.js";
import { askName, button, dotted } from "./parts.js";
import { announce, failure, showProblem } from "./shell.js";
import { formatDate, t } from "./text.js";

export function savedView({ openTimeline }) {
  const node = make("div.narrow", make("h1", { tabIndex: -1 }, t("saved.title")), make("section.panel", savedList({ openTimeline, withEmpty: true })));
  return { node, title: t("saved.title"), canLeave: true };
}

// savedList is the list with its own "could not be loaded". most limits it and leaves out the actions on a plan but
// opening it; onLoaded gets the number of plans, also when more are there than shown.
export function savedList({ openTimeline, withEmpty = false, most = 0, onLoaded }) {
  const list = make("ul.plain.rows");
  const state = make("div");
  const node = make("div.saved", list, state);
  let rows = [];
  let next;

  const nameOf = (row) => row.timelineName || t("saved.noName");

  function draw() {
    updateKeyed(list, most ? rows.slice(0, most) : rows, (row) => `${row._id} ${row.version}`, (row, old) => old ?? item(row));
    state.replaceChildren(...[
      rows.length === 0 && withEmpty && make("p.hint", t("saved.empty")),
      next && !most && button(t("saved.more"), () => load(next), { class: "quiet" }),
    ].filter(Boolean));
    onLoaded?.(rows.length, Boolean(next));
  }

  function item(row) {
    const name = nameOf(row);
    const control = (text, label, action, className = "small quiet") => button(t(text), action, { class: className, "aria-label": t(label, { name }) });
    return make("li.row",
      make("span.grow", make("strong.name", name),
        make("span.hint", dotted(row.degreeId, row.isCoop && t("saved.coop"), t("saved.changed", { date: formatDate(row.updatedAt) })))),
      make("span.actions",
        control("saved.open", "saved.openLabel", () => openTimeline(row._id), "small"),
        !most && control("saved.rename", "saved.renameLabel", () => renameRow(row)),
        !most && control("saved.copy", "saved.copyLabel", () => copyRow(row)),
        !most && control("saved.delete", "saved.deleteLabel", () => deleteRow(row))));
  }

  async function load(cursor) {
    try {
      const page = await api.listTimelines(cursor);
      rows = cursor ? [...rows, ...page.timelines] : page.timelines;
      next = page.next;
      draw();
    } catch (error) {
      if (error.status === 401) return;
      state.replaceChildren(failure(t("saved.failed"), () => load(cursor)));
      onLoaded?.(-1, false);
    }
  }

  async function renameRow(row) {
    const name = await askName(t("saved.renameTitle"), row.timelineName, {
      yes: t("saved.rename"), returnFocus: () => list.querySelector(`[data-key^="${row._id} "] button`) });
    if (!name || name === row.timelineName) return;
    await act(async () => {
      await api.renameTimeline(row._id, row.version, name);
      announce(t("saved.renamed", { name }));
    }, () => renameRow(row));
  }

  async function copyRow(row) {
    const name = t("saved.copyName", { name: nameOf(row) }).slice(0, 100);
    announce(t("saved.copying"));
    await act(async () => {
      await api.copyTimeline(row._id, name);
      announce(t("saved.copied", { name }));
    }, () => copyRow(row));
  }

  async function deleteRow(row) {
    const name = nameOf(row);
    const yes = await ask({ title: t("saved.deleteTitle"), text: t("saved.deleteText", { name }), yes: t("saved.delete"), no: t("page.cancel"), danger: true });
    if (!yes) return;
    await act(async () => {
      await api.deleteTimeline(row._id);
      announce(t("saved.deleted", { name }));
    }, () => deleteRow(row));
  }

  // act runs a change and loads the list again: another tab may have changed it as well.
  async function act(change, retry) {
    try {
      await change();
    } catch (error) {
      showProblem(error, retry);
    }
    await load();
    // What had the focus may be gone.
    if (document.activeElement === document.body) (list.querySelector("button") ?? document.querySelector("#view h1"))?.focus();
  }

  load();
  return node;
}
