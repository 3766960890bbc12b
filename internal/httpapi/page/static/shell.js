// What every view needs of the page around it: to go elsewhere, to say something, to show what went wrong.

import { $, make } from "./dom.js";
import { detailText, fieldTexts, problemText, t } from "./text.js";
import { button, dotted } from "./parts.js";
import { Problem } from "./api.js";

let go = () => {};

// setNavigator is called once, by app.js.
export const setNavigator = (navigator) => { go = navigator; };

// navigate shows the view of an address ("/", "#job=ID", "#read=ID", "#saved") as a step of the history; with replace it
// takes the place of the present step. Unsaved changes are asked about, unless force is true.
export const navigate = (address, options) => go(address, options);

let timer = 0;

// announce says something to everybody, also to those who cannot see the page. It is gone after a few seconds.
export function announce(text) {
  const line = $("announcement");
  line.textContent = "";
  clearTimeout(timer);
  timer = setTimeout(() => {
    line.textContent = text; // a change is read out, the same text again is not
    timer = setTimeout(() => { line.textContent = ""; }, 8000);
  }, 50);
}

export function clearProblem() {
  $("alert").hidden = true;
}

// showProblem shows what went wrong and what to do. retry, if given, is the button "Try again".
export function showProblem(error, retry) {
  if (error?.name === "AbortError") return;
  const known = error instanceof Problem;
  if (!known) console.error(error);
  const text = known ? problemText(error) : t("page.broken");
  const alert = $("alert");
  alert.replaceChildren(make("div",
    make("p", make("strong", text)),
    // The server's sentence may name the page or the row.
    known && detailText(error, text) && make("p.hint", detailText(error, text)),
    error.fields?.length > 0 && make("ul", fieldTexts(error, true).map((text) => make("li", text))),
    error.closest?.length > 0 && make("p", t("page.closest", { names: error.closest.join("; ") })),
    supportIDs({ request: error.requestId, trace: error.traceId })),
  make("div.actions",
    button(t("page.dismiss"), clearProblem, { class: "quiet" }),
    retry && button(t("page.retry"), () => { clearProblem(); retry(); })));
  alert.hidden = false;
  alert.focus();
}

// supportIDs are the names under which operators find a request or a job; null without any.
export function supportIDs({ request, job, trace }) {
  const ids = dotted(request && t("page.request", { id: request }), job && t("page.job", { id: job }), trace && t("page.trace", { id: trace }));
  return ids && make("p.hint", ids);
}

// failure is the place of a part that could not be loaded, with its own "Try again".
export function failure(text, retry) {
  return make("p.failure", text, " ", button(t("page.retry"), retry, { class: "small quiet" }));
}
