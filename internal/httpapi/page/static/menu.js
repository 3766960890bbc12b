// What is rarely needed: names, copies, files, other views, deleting.

import * as api from "./api.js";
import { ask, downloadFile, make, openDialog } from "./dom.js";
import { remarkItem } from "./board.js";
import { waiveButton } from "./course.js";
import { announce, navigate } from "./shell.js";
import { askName, button, cancelButton, dotted, field } from "./parts.js";
import { fileName, toCalendar, toCSV, toJSON, readImport } from "./files.js";
import { fieldTexts, t, termName } from "./text.js";
import { isToCheck, isWaivedHere } from "./words.js";

export function openMenu(plan) {
  const { store } = plan, { state } = store;
  let next = null;
  const entry = (key, act, id, more = {}) => make("li", button(t(key), () => { next = act; dialog.close(); }, { id, class: "quiet", ...more }));
  const file = make("input", { id: "import-file", type: "file", accept: "application/json,.json" });
  const problem = make("p.wrong", { role: "alert" });
  file.onchange = async () => {
    try {
      const saved = await api.importTimeline(await readImport(file.files[0]));
      next = () => openSaved(saved._id);
      dialog.close();
    } catch (error) {
      problem.textContent = [t("menu.importFailed"), ...fieldTexts(error, true).slice(0, 3)].join(" ");
    }
  };
  const download = (type, extension, write) => () => downloadFile(fileName(state.data, extension), type, write(state.data));
  const dialog = openDialog({
    title: t("menu.title"),
    body: [
      make("ul.plain.menu",
        entry("menu.rename", () => rename(plan), "menu-rename"), entry("menu.copy", () => copy(plan), "menu-copy"),
        entry("menu.whatif", () => plan.showTab("whatif"), "menu-whatif"), entry("menu.compare", () => plan.showTab("compare"), "menu-compare"),
        entry("plan.print", plan.print, "menu-print")),
      make("h3", t("menu.files")),
      make("ul.plain.menu",
        entry("menu.json", download("application/json", "json", toJSON), "menu-json"), entry("menu.csv", download("text/csv", "csv", toCSV), "menu-csv"),
        entry("menu.calendar", download("text/calendar", "ics", toCalendar), "menu-calendar")),
      field(t("menu.import"), file), problem,
      make("p", button(t("menu.forget"), () => { next = () => forget(plan); dialog.close(); }, { id: "menu-forget", class: "danger quiet" })),
    ],
    actions: [cancelButton("page.dismiss")],
    onClose: () => next?.(),
  });
}

// openRemarks lists what should be checked; each course opens its details, what is about no course is waived here.
export function openRemarks(plan) {
  const { data } = plan.store.state;
  let next = null;
  const choose = (changes, say) => () => {
    next = () => plan.run(changes, { say, focus: ["warning-count"] });
    dialog.close();
  };
  const dialog = openDialog({
    title: t("plan.checkTitle"), className: "wide",
    body: make("ul.plain", { id: "remark-list" }, data.remarks.filter((remark) => isToCheck(remark) || isWaivedHere(remark)).map((remark) => make("li.left-row",
      make("span.grow", make("strong", dotted(remark.course, remark.term && termName(remark.term), remark.pool && plan.poolName(remark.pool))),
        make("ul.plain.remarks", remarkItem(remark))),
      !remark.course ? waiveButton(remark, choose) : button(t("plan.details"), () => { next = () => plan.openCourse(remark.course, remark.term ?? null); dialog.close(); }, {
        class: "small quiet", "aria-label": t("plan.detailsOf", { code: remark.course }) })))),
    actions: [cancelButton("page.dismiss")],
    onClose: () => next?.(),
  });
  dialog.querySelector("h2").focus();
}

async function rename({ store }) {
  const name = await askName(t("menu.rename"), store.state.data.timelineName ?? "");
  if (name) await store.edit({ timelineName: name });
}

async function copy({ store, report }) {
  const name = await askName(t("menu.copy"), t("saved.copyName", { name: store.state.data.timelineName || t("plan.defaultName") }));
  if (!name) return;
  try {
    await store.saveCopy(name);
    announce(t("saved.copied", { name }));
  } catch (error) {
    report(error);
  }
}

// openSaved builds a saved plan and goes to it; the plan at hand is left.
async function openSaved(id) {
  const { jobId } = await api.loadTimeline(id);
  await navigate(`/#job=${jobId}`);
}

async function forget({ store, report }) {
  if (!await ask({ title: t("menu.forgetTitle"), text: t("menu.forgetText"), yes: t("menu.forgetYes"), no: t("page.cancel"), danger: true })) return;
  try {
    await api.deleteJob(store.state.jobId);
    await navigate("/", { replace: true, force: true });
    announce(t("menu.forgotten"));
  } catch (error) {
    report(error);
  }
}
