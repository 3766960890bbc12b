// My plans: open, rename, copy, delete.

import * as api from "./api.js";
import { ask, make, openDialog, updateKeyed } from "./dom.js";
import { announce, failure, showProblem } from "./shell.js";
import { formatDate, t } from "./text.js";

export function savedView({ openTimeline }) {
  const node = make("div", { class: "narrow" }, make("h1", { tabIndex: -1 }, t("saved.title")), make("section", { class: "panel" }, savedList({ openTimeline, withEmpty: true })));
  return { node, title: t("saved.title"), canLeave: true };
}

// savedList is the list with its own "could not be loaded". most limits it and leaves out the actions on a plan but
// opening it; onLoaded gets the number of plans, also when more are there than shown.
export function savedList({ openTimeline, withEmpty = false, most = 0, onLoaded }) {
  const list = make("ul", { class: "plain rows" });
  const state = make("div", {});
  const node = make("div", { class: "saved" }, list, state);
  let rows = [];
  let next;

  const nameOf = (row) => row.timelineName || t("saved.noName");

  function draw() {
    updateKeyed(list, most ? rows.slice(0, most) : rows, (row) => `${row._id} ${row.version}`, (row, old) => old ?? item(row));
    state.replaceChildren(...[
      rows.length === 0 && withEmpty && make("p", { class: "hint" }, t("saved.empty")),
      next && !most && make("button", { type: "button", class: "quiet", onclick: () => load(next) }, t("saved.more")),
    ].filter(Boolean));
    onLoaded?.(rows.length, Boolean(next));
  }

  function item(row) {
    const name = nameOf(row);
    const button = (text, label, action, className = "quiet small") =>
      make("button", { type: "button", class: className, "aria-label": t(label, { name }), onclick: action }, t(text));
    return make("li", { class: "row" },
      make("span", { class: "grow" }, make("strong", { class: "name" }, name),
        make("span", { class: "hint" }, [row.degreeId, row.isCoop && t("saved.coop"), t("saved.changed", { date: formatDate(row.updatedAt) })].filter(Boolean).join(" · "))),
      make("span", { class: "actions" },
        button("saved.open", "saved.openLabel", () => openTimeline(row._id), "small"),
        !most && button("saved.rename", "saved.renameLabel", () => renameRow(row)),
        !most && button("saved.copy", "saved.copyLabel", () => copyRow(row)),
        !most && button("saved.delete", "saved.deleteLabel", () => deleteRow(row))));
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

  function renameRow(row) {
    const input = make("input", { id: "rename-name", maxLength: 100, value: row.timelineName, autocomplete: "off", required: true });
    openDialog({
      title: t("saved.renameTitle"),
      body: make("p", { class: "field" }, make("label", { for: "rename-name" }, t("saved.name")), input),
      actions: [make("button", { value: "", class: "quiet", formNoValidate: true }, t("page.cancel")), make("button", { value: "yes" }, t("saved.rename"))],
      returnFocus: () => list.querySelector(`[data-key^="${row._id} "] button`),
      async onClose(value) {
        const name = input.value.trim();
        if (value !== "yes" || !name || name === row.timelineName) return;
        await act(async () => {
          await api.renameTimeline(row._id, row.version, name);
          announce(t("saved.renamed", { name }));
        }, () => renameRow(row));
      },
    });
    input.select();
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
