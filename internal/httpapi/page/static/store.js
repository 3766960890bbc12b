// The state of one plan: edits one after the other, what can be undone, and whether it is saved. It does not touch the page.

import * as api from "./api.js";
import { applyDelta, toPatch, toSaved } from "./model.js";

const mostUndo = 20;
const saveDelay = 2000; // ms after the last change
const keptFor = 24 * 3600 * 1000; // ms, results that are not saved

// createStore returns the store of a plan. reopen(id) builds a saved plan and resolves to its job.
export function createStore({ job, tag, savedId = null, savedVersion = null, reopen }) {
  const listeners = new Set();
  const state = {
    jobId: job.jobId, tag, data: job.data, until: Date.parse(job.updatedAt) + keptFor,
    savedId: savedId ?? job.data._id ?? null, savedVersion, savedAt: null,
    undo: [], redo: [],
    busy: new Map(), // course code → the term that it is on its way to
    saving: false, dirty: false, // dirty: changed since it was saved, or since it was opened
    gone: false, // the server no longer has the job
    failed: null, // {kind, error, retry} of the last edit or save
  };
  let queue = Promise.resolve(), timer = 0, disposed = false;

  const emit = () => {
    if (!disposed) for (const listener of listeners) listener(state);
  };
  const enqueue = (work) => {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  };

  // send makes one edit. It resolves to what changed, and to null when it failed; state.failed says why.
  async function send(patchOf, { how = "edit", codes = [], term = null } = {}) {
    for (const code of codes) state.busy.set(code, term);
    state.failed = null;
    emit();
    const before = state.data;
    try {
      if (state.gone) throw Object.assign(new Error("gone"), { status: 404, code: "job_not_found" });
      const answer = await api.editJob(state.jobId, state.tag, patchOf(before));
      Object.assign(state, { tag: answer.tag, data: applyDelta(before, answer.changed), dirty: true });
      state.until = Date.parse(answer.updatedAt) + keptFor;
      if (how === "undo") state.redo.push(before);
      else state.undo = [...state.undo, before].slice(-mostUndo);
      if (how === "edit") state.redo = [];
      scheduleSave();
      return answer.changed;
    } catch (error) {
      await fail(error, () => edit(patchOf, { codes, term }));
      return null;
    } finally {
      for (const code of codes) state.busy.delete(code);
      emit();
    }
  }

  // fail notes what went wrong. An edit that another one overtook is offered again on the newest version.
  async function fail(error, retry) {
    const kind = { 412: "changed", 404: "gone", 401: "signin" }[error.status] ?? "error";
    if (kind === "gone") state.gone = true;
    if (kind === "changed") {
      try {
        const newest = await api.getJob(state.jobId);
        Object.assign(state, { data: newest.data, tag: newest.tag, undo: [], redo: [] });
      } catch (later) {
        return fail(later, retry);
      }
    }
    state.failed = { kind, error, retry };
  }

  const edit = (patch, how) => enqueue(() => send(typeof patch === "function" ? patch : () => patch, how));

  // step goes back or forward: the state is made again by an ordinary edit.
  function step(from, how) {
    return enqueue(async () => {
      const target = state[from].pop();
      if (!target) return null;
      const patch = toPatch(state.data, target);
      if (Object.keys(patch).length === 0) return null;
      const done = await send(() => patch, { how });
      if (!done && state.failed?.kind !== "changed") state[from].push(target);
      return done;
    });
  }

  function scheduleSave() {
    clearTimeout(timer);
    if (state.savedId && !disposed) timer = setTimeout(() => enqueue(() => store.saveNow()), saveDelay);
  }

  const store = {
    state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // edit applies a patch; how.codes are the courses that show that it is on its way.
    edit,
    undo: () => step("undo", "undo"),
    redo: () => step("redo", "redo"),
    retry() {
      const retry = state.failed?.retry;
      state.failed = null;
      emit();
      return retry?.();
    },
    dismiss() {
      state.failed = null;
      emit();
    },
    save: (name) => enqueue(() => store.saveNow(name)),
    // saveNow writes the plan to where it is saved, for the first time under a name. Without the job it is imported.
    async saveNow(name) {
      clearTimeout(timer);
      Object.assign(state, { saving: true, failed: null });
      emit();
      try {
        if (state.gone) await importAgain(name);
        else await writeSaved(name);
        Object.assign(state, { dirty: false, savedAt: Date.now() });
      } catch (error) {
        const isReplaced = error.status === 412;
        if (isReplaced) state.failed = { kind: "replaced", error, retry: () => { state.savedVersion = null; return store.save(); } };
        else await fail(error, () => store.save(name));
      } finally {
        state.saving = false;
        emit();
      }
    },
    // saveCopy keeps the plan of this moment under another name; the plan at hand stays what it is.
    saveCopy: (name) => enqueue(() => api.importTimeline({ ...toSaved(state.data), timelineName: name })),
    hasUnsavedChanges: () => state.dirty || state.busy.size > 0,
    dispose() {
      disposed = true;
      clearTimeout(timer);
      listeners.clear();
    },
  };

  async function writeSaved(name) {
    if (state.savedId) {
      try {
        const saved = await api.replaceTimeline(state.savedId, state.savedVersion, { jobId: state.jobId, ...(name && { timelineName: name }) });
        state.savedVersion = saved.version;
        return;
      } catch (error) {
        if (error.code !== "timeline_not_found") throw error;
        state.savedId = null; // deleted meanwhile: it is saved anew
      }
    }
    const saved = await api.saveTimeline(state.jobId, name);
    Object.assign(state, { savedId: saved._id, savedVersion: saved.version });
    state.data = { ...state.data, _id: saved._id, timelineName: saved.timelineName };
    state.tag = `"${(await api.getJobState(state.jobId)).version}"`; // saving wrote the id into the result
  }

  // importAgain keeps a plan that only this tab still has, and builds it again so that it can be edited.
  async function importAgain(name) {
    const own = toSaved(state.data);
    const saved = await api.importTimeline({ ...own, timelineName: name || own.timelineName });
    Object.assign(state, { savedId: saved._id, savedVersion: saved.version });
    const job = await reopen(saved._id);
    Object.assign(state, { jobId: job.jobId, tag: job.tag, data: job.data, until: Date.parse(job.updatedAt) + keptFor, gone: false, undo: [], redo: [] });
  }

  return store;
}
