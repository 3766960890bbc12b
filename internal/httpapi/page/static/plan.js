// The plan of a job.

import * as api from "./api.js";
import { make } from "./dom.js";
import { announce, clearProblem, navigate, showProblem } from "./shell.js";
import { timeline } from "./timeline.js";

// planView shows the plan of a job that is done. context is {job, tag, savedId, savedVersion}.
export async function planView(context) {
  let current = await api.getJob(context.job.jobId, "full");
  const node = make("div", { id: "result" });
  let edits = Promise.resolve(); // one after the other: each names the version that the one before made

  function draw(job) {
    current = job;
    node.replaceChildren(...timeline(job.data, { save, move, restart: () => navigate("/"), forget }));
  }

  async function save(name) {
    clearProblem();
    try {
      const saved = await api.saveTimeline(current.jobId, name);
      draw(await api.getJob(current.jobId, "full"));
      announce(`Saved as “${saved.timelineName}”.`);
    } catch (error) {
      showProblem(error, () => save(name));
    }
  }

  function move(code, term) {
    clearProblem();
    edits = edits.then(async () => {
      const isPlan = (at) => current.data.courses[code]?.status.status === "planned" && current.data.courses[code].status.semester === at;
      const semesters = current.data.semesters.map((semester) => ({
        term: semester.term,
        courses: [
          ...semester.courses.filter((sitting) => sitting.code !== code || !isPlan(semester.term)),
          ...(semester.term === term ? [{ code }] : []),
        ],
      }));
      try {
        const { tag } = await api.editJob(current.jobId, current.tag, { semesters });
        draw({ ...(await api.getJob(current.jobId, "full")), tag });
        announce(term ? `${code} is now in ${term}.` : `${code} is taken out.`);
      } catch (error) {
        if (error.status === 412) draw(await api.getJob(current.jobId, "full"));
        showProblem(error);
      }
    }).catch(showProblem);
  }

  async function forget() {
    clearProblem();
    try {
      await api.deleteJob(current.jobId);
      navigate("/", { replace: true, force: true });
    } catch (error) {
      showProblem(error, forget);
    }
  }

  draw(current);
  return { node, title: current.data.timelineName || current.data.degree.name, dispose() {}, hasUnsavedChanges: () => false };
}
