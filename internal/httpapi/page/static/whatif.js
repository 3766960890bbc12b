// The same record under every degree, ranked: the fewest credits left first.

import * as api from "./api.js";
import { make } from "./dom.js";
import { auditView } from "./audit.js";
import { toSaved } from "./model.js";
import { button, dotted, progressBar, slug } from "./parts.js";
import { announce, failure, navigate, showProblem } from "./shell.js";
import { credits, poolText, t, termName } from "./text.js";

export async function whatIfView(plan, pane, degreeId) {
  pane.setAttribute("aria-labelledby", "other-title");
  const title = make("h2", { id: "other-title", tabIndex: -1 }, t("whatif.title"));
  const body = make("div", { "aria-busy": "true" }, make("p.hint", t("page.loading")));
  pane.replaceChildren(title, make("p.hint", t("whatif.lead")), body);
  title.focus();
  try {
    const answer = await api.getWhatIf(plan.store.state.jobId, degreeId);
    if (!body.isConnected) return;
    if (degreeId) showOne(plan, body, title, answer);
    else body.replaceChildren(ranking(plan, answer));
    body.removeAttribute("aria-busy");
  } catch {
    body.replaceChildren(failure(t("whatif.failed"), () => whatIfView(plan, pane, degreeId)));
  }
}

const ranking = (plan, answer) => make("ol.plain.ranking", { id: "whatif-list" }, answer.degrees.map((entry) => {
  const { totals, degree } = entry, isOwn = degree.id === answer.degree.id;
  return make("li",
    make("h3", button(degree.name, () => plan.showTab("whatif", degree.id), { class: "link", id: `whatif-${slug(degree.id)}`, "aria-label": t("whatif.see", { degree: degree.name }) }),
      isOwn && make("span.now", t("whatif.own"))),
    progressBar(totals, totals.required),
    make("p", make("strong", t("plan.part.remaining", { credits: credits(totals.remaining) })), " ",
      make("span.hint", dotted(t("whatif.complete", { done: entry.complete, all: entry.requirements }),
        entry.graduation ? t("plan.end", { term: termName(entry.graduation.term) }) : entry.obstacles?.[0]))),
    !isOwn && startButton(plan, degree));
}));

// startButton saves the record under another degree as a plan of its own, and opens it. The plan at hand stays.
const startButton = (plan, degree) => button(t("whatif.start"), async () => {
  const { data } = plan.store.state, own = toSaved(data);
  try {
    const saved = await api.importTimeline({
      ...own, timelineName: [data.timelineName, degree.name].filter(Boolean).join(", ").slice(0, 100), degreeId: degree.id,
      // What names the requirements of the present degree, or its number of credits, does not hold in another one.
      creditsRequired: 0, pins: {}, waivers: [],
      semesters: own.semesters.map((s) => ({ ...s, courses: s.courses.map(({ pool, ...sitting }) => sitting) })),
    });
    const { jobId } = await api.loadTimeline(saved._id);
    await navigate(`/#job=${jobId}`);
    announce(t("whatif.started", { degree: degree.name }));
  } catch (error) {
    showProblem(error);
  }
}, { class: "small quiet", id: `whatif-start-${slug(degree.id)}`, "aria-label": `${t("whatif.start")}: ${degree.name}` });

// showOne is the whole audit under one degree. Its courses open in the plan as it is.
function showOne(plan, body, title, audit) {
  title.textContent = t("whatif.under", { degree: audit.degree.name });
  const names = new Map(audit.requirements.map((r) => [r.id, poolText(r.name)]));
  const pane = make("div");
  body.replaceChildren(button(t("whatif.back"), () => plan.showTab("whatif"), { class: "quiet", id: "whatif-back" }), pane);
  auditView({ ...plan, canPin: false, poolName: (id) => names.get(id) ?? id, openPicker: () => {} }, pane, { ...audit, requirements: audit.requirements.map((r) => ({ ...r, moreChoices: 0 })) }, "other");
  pane.querySelector("h2").remove(); // the view has one
}
