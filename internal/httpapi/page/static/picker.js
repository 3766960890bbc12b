// A dialog to choose a course of a requirement, or any course of the catalogue.

import { make, openDialog } from "./dom.js";
import { foresee, isLive, sittingsOf } from "./model.js";
import { button, cancelButton, dotted, field, slug } from "./parts.js";
import { credits, t } from "./text.js";
import { remarkText, seasonName } from "./words.js";
import { labelOf } from "./terms.js";

const atOnce = 20;
const searchDelay = 300; // ms after the last key, where the server searches

// openPicker offers the courses of a pool; with null it searches the catalogue. choose gets the code of one.
export function openPicker(plan, poolId, { term, choose, returnFocus } = {}) {
  const data = plan.store.state.data, sittings = sittingsOf(data), when = term ?? labelOf(plan.current + 1);
  const search = make("input", { id: "picker-search", type: "search", autocomplete: "off", maxLength: 60 });
  const season = make("select", { id: "picker-season" }, make("option", { value: "" }, t("plan.pick.anySeason")),
    ["Fall", "Winter", "Summer"].map((name) => make("option", { value: name }, seasonName(name))));
  const ready = make("input", { id: "picker-ready", type: "checkbox" });
  const count = make("p.hint", { id: "picker-count", role: "status" }, t("page.loading"));
  const list = make("ul.plain", { id: "picker-list" });
  const more = button(t("plan.pick.more"), () => show(shown + atOnce, true), { id: "picker-more", class: "quiet", hidden: true });
  let courses = [], shown = atOnce, timer = 0;

  const stops = (course) => foresee(data, course, when, { current: plan.current, sittings }).filter((r) => !["not_offered", "overload"].includes(r.code));

  function show(wanted = atOnce, isMore = false) {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = courses.filter((course) => words.every((word) => `${course.code} ${course.title}`.toLowerCase().includes(word)) &&
      (!season.value || course.offeredIn.some((name) => name.includes(season.value))) && (!ready.checked || stops(course).length === 0));
    const before = isMore ? list.children.length : 0;
    shown = wanted;
    list.replaceChildren(...found.slice(0, shown).map(row));
    more.hidden = found.length <= shown;
    count.textContent = found.length > shown ? t("plan.pick.some", { count: found.length, shown }) : t("plan.pick.count", { count: found.length });
    if (isMore) list.children[before]?.querySelector("button").focus();
  }

  const row = (course) => {
    const hints = stops(course).map(remarkText);
    return make("li.left-row",
      make("span.grow", make("strong", course.code), ` ${course.title} `,
        make("span.hint", dotted(credits(course.credits), course.offeredIn.map(seasonName).join(", "))),
        hints.length > 0 && make("span.hint.warn", hints.join(" "))),
      button(choose ? t("plan.pick.choose") : t("plan.left.plan"), () => pick(course), {
        id: `pick-${slug(course.code)}`, class: "small quiet", "aria-label": t(choose ? "plan.pick.chooseOf" : "plan.left.planOf", { code: course.code }),
      }));
  };

  function pick(course) {
    plan.catalogue.set(course.code, course);
    dialog.close();
    if (choose) choose(course.code);
    else plan.openCourse(course.code);
  }

  async function load() {
    try {
      const found = poolId ? await plan.readPool(poolId) : search.value.trim().length < 2 ? [] : await plan.searchCourses(search.value.trim());
      courses = found.filter((course) => poolId === null || !isLive(data, course.code));
      show();
      if (poolId === null && search.value.trim().length < 2) count.textContent = t("plan.pick.type");
    } catch (error) {
      count.textContent = t("plan.pick.failed");
      if (error.name === "TypeError") throw error;
    }
  }

  search.oninput = () => {
    if (poolId) return show();
    clearTimeout(timer);
    timer = setTimeout(load, searchDelay);
  };
  season.onchange = ready.onchange = () => show();
  const dialog = openDialog({
    title: poolId ? plan.poolName(poolId) : t("plan.left.find"), className: "wide", returnFocus,
    body: [
      make("div.filters",
        field(t("plan.pick.search"), search),
        field(t("plan.pick.season"), season),
        make("p.tick", make("label", ready, " ", t("plan.pick.ready")))),
      count, list, more,
    ],
    actions: [cancelButton()],
  });
  // Enter in the search must not close the dialog.
  search.onkeydown = (e) => { if (e.key === "Enter") e.preventDefault(); };
  search.focus();
  load();
  return dialog;
}
