// "Plan the rest for me": the wishes, what the plan would be, and taking it over as one edit.

import * as api from "./api.js";
import { make, openDialog } from "./dom.js";
import { isPast, labelOf } from "./terms.js";
import { isCode, toPatch } from "./model.js";
import { button, cancelButton, field } from "./parts.js";
import { credits, fieldTexts, problemText, t, termName } from "./text.js";

const termsAhead = 8;

export function openWishes(plan) {
  const { state } = plan.store;
  const most = make("input", { id: "wish-credits", type: "number", min: 3, max: 19, step: "0.5", value: 15, inputMode: "decimal" });
  const summers = make("input", { id: "wish-summers", type: "checkbox" });
  const keep = make("input", { id: "wish-keep", type: "checkbox", checked: true });
  const from = make("select", { id: "wish-from" }, Array.from({ length: termsAhead }, (_, i) => labelOf(plan.current + 1 + i)).map((term) => make("option", { value: term }, termName(term))));
  const prefer = make("input", { id: "wish-prefer", autocomplete: "off", placeholder: "COMP 442, SOEN 471" });
  const avoid = make("input", { id: "wish-avoid", autocomplete: "off" });
  const coop = make("input", { id: "wish-coop", autocomplete: "off", maxLength: 40, pattern: "[SsWw\\-]*", placeholder: "SSWSWS" });
  const result = make("div", { id: "wish-result", "aria-live": "polite" });
  const take = button(t("wish.take"), () => { taken = true; dialog.close(); }, { id: "wish-take", hidden: true });
  let patch = null, taken = false, controller = null;

  const codesOf = (input) => input.value.split(/[,;]/).map((code) => code.trim().toUpperCase().replace(/^([A-Z]{2,4})\s*(\d)/, "$1 $2")).filter(Boolean);

  function readWishes() {
    const kept = !keep.checked ? [] : state.data.semesters.filter((s) => !isPast(s.term, plan.current))
      .flatMap((s) => s.courses.filter((c) => isCode(c.code) && state.data.courses[c.code]?.status.status === "planned").map((c) => ({ code: c.code, term: s.term })));
    return {
      maxCredits: Number(most.value) || 15, summers: summers.checked, from: from.value,
      ...(kept.length > 0 && { keep: kept }), ...(prefer.value.trim() && { prefer: codesOf(prefer) }), ...(avoid.value.trim() && { avoid: codesOf(avoid) }),
      ...(coop.value.trim() && { coop: coop.value.trim().toUpperCase() }),
    };
  }

  async function preview() {
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    take.hidden = true;
    result.replaceChildren(make("p.hint", t("wish.working")));
    try {
      const { data, status } = await api.planRest(state.jobId, readWishes(), signal);
      const found = status === 202 ? await fromJob(data.jobId, signal) : { patch: data.patch, notes: data };
      if (signal.aborted) return;
      patch = found.patch;
      result.replaceChildren(...planned(found.notes));
      take.hidden = found.notes.terms.length === 0;
      if (!take.hidden) take.focus();
    } catch (error) {
      if (signal.aborted) return;
      result.replaceChildren(make("div.failure", make("p", make("strong", t("wish.failed")), " ",
        !error.fields?.length && problemText(error)), error.fields?.length > 0 && make("ul", fieldTexts(error).map((text) => make("li", text)))));
    }
  }

  // A plan that takes many steps is a job; its result is the planned timeline.
  async function fromJob(id, signal) {
    await api.followJob(id, { onState: () => {}, signal });
    const job = await api.getJob(id);
    if (job.status === "failed") throw new api.Problem(422, job.error);
    return { patch: toPatch(state.data, job.data), notes: job.data.plan };
  }

  const box = (input, key) => make("p.tick", make("label", input, " ", t(key)));
  const dialog = openDialog({
    title: t("wish.title"), className: "wide",
    body: [
      make("div.filters", field(t("wish.credits"), most), field(t("wish.from"), from)), box(summers, "wish.summers"), box(keep, "wish.keep"),
      make("details.fold", make("summary", t("wish.more")), field(t("wish.prefer"), prefer), field(t("wish.avoid"), avoid), field(t("wish.coop"), coop)),
      make("p", button(t("wish.preview"), preview, { id: "wish-preview" })), result,
    ],
    actions: [cancelButton(), take],
    onClose: async () => {
      controller?.abort();
      if (!taken || !patch) return;
      await plan.run(null, { patch, say: t("wish.taken"), focus: ["board-title"] });
    },
  });
  // Enter in a field shows the plan; it does not close the dialog.
  dialog.querySelector("form").addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.target.localName !== "input") return;
    e.preventDefault();
    preview();
  });
  most.focus();
}

function planned(notes) {
  if (notes.terms.length === 0) return [make("p", t("wish.nothing"))];
  return [
    make("p", make("strong", t("wish.end", { term: termName(notes.graduation), count: notes.studyTerms })), " ",
      make("span.hint", notes.optimal ? t("wish.optimal") : t("wish.bound", { count: notes.bound }))),
    make("ul.plain", notes.terms.map((term) => make("li.left-pool",
      make("h3", `${termName(term.term)} `, make("span.hint", term.work ? t("wish.work") : credits(term.credits))),
      make("ul.plain", term.courses.map((course) => make("li", make("strong", course.code), ` ${course.title ?? ""} `,
        make("span.hint", t(`wish.because.${course.because}`)))))))),
  ];
}
