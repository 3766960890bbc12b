// Waiting for a job: three steps, how far it is, and a way out from the first byte on.

import * as api from "./api.js";
import { make } from "./dom.js";
import { button } from "./parts.js";
import { clearProblem, showProblem } from "./shell.js";
import { t } from "./text.js";

const soonAfter = 3_000; // ms, then the page says how long it usually takes
const slowAfter = 60_000; // ms without progress of an upload

const steps = ["sent", "read", "built"];
const stepOf = { queued: 1, processing: 1, retrying: 1, done: 3, failed: 3 };

// waitView sends what begin makes, or follows the job of jobId. onAccepted gets the id, onFinished too, once the job is
// done or has failed. onRefused gets the Problem of something that the server does not take.
export function waitView({ begin, jobId = null, isDocument = false, onAccepted, onFinished, onStopped, onRefused }) {
  const controller = new AbortController();
  const { signal } = controller;
  const title = t(isDocument ? "wait.titleDocument" : "wait.title");
  const bar = make("progress", { "aria-labelledby": "wait-title" });
  const state = make("p", { id: "wait-state", role: "status" });
  const soon = make("p.hint", { hidden: true }, t("wait.soon"));
  const slow = make("p.notice", { hidden: true }, t("wait.slow"), " ",
    button(t("wait.keep"), () => { slow.hidden = true; watchSpeed(); }, { class: "small quiet" }));
  const marks = steps.map((name) => make("li", t(`wait.${name}`)));
  const stop = button(t("wait.stop"), stopWaiting, { class: "quiet", id: "wait-stop" });
  const node = make("section.panel.wait",
    make("h1", { id: "wait-title", tabIndex: -1 }, title), make("ol.steps", marks), bar, state, soon, slow, stop);
  const soonTimer = setTimeout(() => { soon.hidden = false; }, soonAfter);
  let slowTimer = 0;
  let connected = true;

  function say(text) {
    if (state.textContent !== text) state.textContent = text; // said once, not for each step
  }

  function mark(done) {
    marks.forEach((item, i) => {
      item.className = i < done ? "done" : i === done ? "now" : "";
      if (i === done) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
  }

  function watchSpeed() {
    clearTimeout(slowTimer);
    slowTimer = setTimeout(() => { slow.hidden = false; }, slowAfter);
  }

  function onProgress(part) {
    watchSpeed();
    slow.hidden = true;
    if (part < 1) bar.value = part;
    else bar.removeAttribute("value");
    state.textContent = part < 1 ? t("wait.sendingPart", { percent: Math.floor(part * 100) }) : t("wait.sending");
  }

  function onConnection(isBack) {
    if (isBack === connected) return;
    connected = isBack;
    state.classList.toggle("lost", !isBack);
    say(t(isBack ? "wait.online" : "wait.offline"));
  }

  async function run() {
    bar.hidden = false;
    try {
      if (!jobId) {
        mark(0);
        say(t("wait.sending"));
        watchSpeed();
        const accepted = await begin(signal, onProgress);
        jobId = accepted.jobId;
        clearTimeout(slowTimer);
        slow.hidden = true;
        onAccepted(jobId);
      }
      bar.removeAttribute("value");
      await api.followJob(jobId, {
        signal,
        onConnection,
        onState: (job) => { mark(stepOf[job.status] ?? 1); if (job.status !== "failed") say(t(`wait.${job.workerStartSeconds ? "starting" : job.status}`, job)); },
      });
      await onFinished(jobId);
    } catch (error) {
      clearTimeout(slowTimer);
      if (signal.aborted || error.name === "AbortError") return;
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        onRefused(error);
        return;
      }
      say("");
      bar.hidden = true;
      showProblem(error, run);
    }
  }

  // stopWaiting ends the sending, or deletes the job that is waited for: never another one.
  function stopWaiting() {
    controller.abort();
    clearProblem();
    if (jobId) api.deleteJob(jobId).catch(() => {}); // it ends by itself otherwise
    onStopped();
  }

  run();
  return {
    node,
    title,
    isSending: () => !jobId,
    dispose() {
      controller.abort();
      clearTimeout(soonTimer);
      clearTimeout(slowTimer);
    },
  };
}
