// The one client of the API. Every function throws a Problem when the answer is an error.

const tokenKey = "trackmydegree.token";

// Problem is an error of the API by its code. Status 0 and code "offline" mean that the server was not reached.
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.message || body?.title || `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? "";
    this.fields = body?.errors ?? [];
    this.closest = body?.closest ?? [];
    this.requestId = body?.requestId ?? "";
    this.traceId = body?.traceId ?? "";
  }
}

export const hasToken = () => sessionStorage.getItem(tokenKey) !== null;
export const setToken = (token) => sessionStorage.setItem(tokenKey, token.trim());
export const forgetToken = () => sessionStorage.removeItem(tokenKey);

// signIn resolves to true once the caller is known again; app.js sets it. A request that is refused waits for it and is
// sent again, so that nothing that a person did is lost with the sign-in.
let signIn = async () => false;
export const onUnauthorized = (handler) => { signIn = handler; };

function headersOf(more) {
  const token = sessionStorage.getItem(tokenKey);
  // Sentences that the page has no words for are in its language where the API has them.
  return { Accept: "application/json", "Accept-Language": document.documentElement.lang, ...more, ...(token && { Authorization: `Bearer ${token}` }) };
}

async function problemOf(response) {
  // Something in front of the API may have answered, without a body of the API.
  const problem = new Problem(response.status, await response.json().catch(() => null));
  problem.isTranslated = response.headers.has("Content-Language");
  return problem;
}

// call sends a request and returns the response if it is a success.
async function call(path, { method = "GET", body, headers, signal, silent } = {}) {
  for (;;) {
    let response;
    try {
      response = await fetch(path, {
        method,
        signal,
        headers: headersOf({ ...(body !== undefined && { "Content-Type": "application/json" }), ...headers }),
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (cause) {
      if (cause.name === "AbortError") throw cause;
      throw new Problem(0, { code: "offline" });
    }
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.status !== 401 || silent || !(await signIn())) throw problem;
  }
}

// request sends a request and returns {data, tag, status}: the decoded body (null without one) and the ETag.
export async function request(path, options) {
  const response = await call(path, options);
  const text = await response.text();
  return { data: text ? JSON.parse(text) : null, tag: response.headers.get("ETag"), status: response.status };
}

const read = async (path, options) => (await request(path, options)).data;
const query = (path, parameters) => {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
};
const jobPath = (id, rest = "") => `/api/timeline/status/${encodeURIComponent(id)}${rest}`;
const savedPath = (id, rest = "") => `/api/timelines/${encodeURIComponent(id)}${rest}`;

// The catalogue.
export const listDegrees = async (calendar) => (await read(query("/api/degrees", { calendar }))).degrees;
export const listSequences = async (degree, calendar) =>
  (await read(query(`/api/degrees/${encodeURIComponent(degree)}/sequences`, { calendar }))).sequences;
export const listCalendars = async () => (await read("/api/calendars")).calendars;
export const searchCourses = (parameters, signal) => read(query("/api/courses", parameters), { signal });

// The caller.
export const getSession = () => read("/api/session", { silent: true });
export const checkToken = () => read("/api/timelines?limit=1", { silent: true });
export const postSession = (path) => read(path, { method: "POST", silent: true });
export const exportMine = () => read("/api/me");
export const eraseMine = () => request("/api/me", { method: "DELETE" });

// Jobs. A job is {jobId, status, data, tag, …}; the tag names its version for the next edit.
export async function getJob(id, view = "slim") {
  const { data, tag } = await request(query(jobPath(id), { view }));
  return { ...data, tag };
}
export const getJobState = (id, signal) => read(jobPath(id, "?result=false"), { signal });
export const getReading = async (id) => (await read(jobPath(id, "?view=facts"))).data;
export const deleteJob = (id) => request(jobPath(id), { method: "DELETE" });
export const sendForm = (form, signal) => read("/api/timeline/form", { method: "POST", body: form, signal });
export const loadTimeline = (id, signal) => read(`/api/timeline/${encodeURIComponent(id)}/load`, { method: "POST", signal });
export const chooseDegree = (id, degree, signal) =>
  read(`/api/timeline/${encodeURIComponent(id)}/degree`, { method: "POST", body: { degree }, signal });

// editJob applies changes (steps) or fields of a patch, all or none. The answer has tag, version and changed. 412:
// somebody else changed the job meanwhile.
export async function editJob(id, tag, patch) {
  const { data, tag: next } = await request(jobPath(id), {
    method: "PATCH",
    body: Array.isArray(patch) ? { changes: patch } : patch,
    headers: { ...(tag && { "If-Match": tag }), Prefer: "return=minimal" },
  });
  return { ...data, tag: next };
}
export const getAudit = (id, signal) => read(jobPath(id, "/audit"), { signal });
export const getWhatIf = (id, degree, signal) => read(query(jobPath(id, "/what-if"), { degree }), { signal });
export const planRest = (id, wishes, signal) => request(jobPath(id, "/plan"), { method: "POST", body: wishes, signal });

// Saved plans.
export const listTimelines = (cursor) => read(query("/api/timelines", { limit: 20, cursor }));
export const getTimeline = (id) => read(savedPath(id));
export const getSavedAudit = (id, signal) => read(savedPath(id, "/audit"), { signal });
export const saveTimeline = (jobId, timelineName) => read("/api/timelines", { method: "POST", body: { jobId, timelineName } });
export const renameTimeline = (id, version, timelineName) =>
  read(savedPath(id), { method: "PUT", body: { timelineName }, headers: { "If-Match": `"${version}"` } });
// copyTimeline makes another plan of what a saved one holds.
export async function copyTimeline(id, timelineName) {
  const { _id, version, createdAt, updatedAt, ...own } = await getTimeline(id);
  return importTimeline({ ...own, timelineName });
}
export const deleteTimeline = (id) => request(savedPath(id), { method: "DELETE" });

// uploadFile sends a file and tells how much of it has gone out, from 0 to 1. fetch cannot tell, so this is the one
// place for XMLHttpRequest. The same key for the same file makes a repeated upload the same job.
export async function uploadFile(file, { key, signal, onProgress }) {
  for (;;) {
    try {
      return await sendFile(file, key, signal, onProgress);
    } catch (error) {
      if (error.status !== 401 || !(await signIn())) throw error;
    }
  }
}

function sendFile(file, key, signal, onProgress) {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new DOMException("stopped", "AbortError"));
    if (signal?.aborted) return stopped();
    const xhr = new XMLHttpRequest();
    xhr.open("POST", "/api/timeline/upload");
    for (const [name, value] of Object.entries(headersOf({ "Idempotency-Key": key }))) xhr.setRequestHeader(name, value);
    xhr.responseType = "json";
    xhr.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    xhr.onload = () => (xhr.status === 202 ? resolve(xhr.response) : reject(new Problem(xhr.status, xhr.response)));
    xhr.onerror = () => reject(new Problem(0, { code: "upload_cut" }));
    xhr.onabort = stopped;
    signal?.addEventListener("abort", () => xhr.abort(), { once: true });
    const body = new FormData();
    body.append("file", file, "document.pdf"); // the file's own name stays here
    xhr.send(body);
  });
}

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

// silence is how long a stream may say nothing before it counts as cut. The server comments every 15 seconds.
const silence = 40_000;

const pause = (ms, signal) => new Promise((resolve) => {
  const done = () => { clearTimeout(timer); window.removeEventListener("online", done); resolve(); };
  const timer = setTimeout(done, ms);
  window.addEventListener("online", done);
  signal?.addEventListener("abort", done, { once: true });
});

// followJob tells of each state of a job until it is done or has failed. A stream that breaks is opened again where it
// was, for as long as it takes: onConnection(false) says that there is none, onConnection(true) that it is back.
export async function followJob(id, { onState, onConnection = () => {}, signal }) {
  let last = "";
  for (let tries = 0; ; tries++) {
    try {
      const response = await call(jobPath(id, "/events"), {
        headers: { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) },
        signal,
      });
      if (response.status === 204) return;
      onConnection(true);
      for await (const event of readEvents(response.body)) {
        if (event.name === "gone") throw new Problem(404, JSON.parse(event.data));
        last = event.id || last;
        tries = 0;
        const state = JSON.parse(event.data);
        onState(state);
        if (state.status === "done" || state.status === "failed") return;
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    }
    if (signal?.aborted) throw new DOMException("stopped", "AbortError");
    if (tries > 0) onConnection(false);
    await pause(Math.min(500 * 2 ** tries, 5000), signal);
  }
}

// readEvents reads a stream of server-sent events until it ends, breaks or is silent for too long.
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const quiet = new Promise((resolve) => setTimeout(resolve, silence, { done: true }));
    const { done, value } = await Promise.race([reader.read(), quiet]).catch(() => ({ done: true }));
    if (done) {
      reader.cancel().catch(() => {});
      return;
    }
    text += value.replaceAll("\r\n", "\n");
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const event = { id: "", name: "message", data: "" };
      for (const line of text.slice(0, end).split("\n")) {
        const [, field, content] = /^(\w*):? ?(.*)$/.exec(line) ?? [];
        if (field === "id") event.id = content;
        if (field === "event") event.name = content;
        if (field === "data") event.data += content;
      }
      if (event.data) yield event;
    }
  }
}

// The plan: what is kept, and what is built from what was kept.
export const replaceTimeline = (id, version, body) =>
  read(savedPath(id), { method: "PUT", body, headers: { Prefer: "return=minimal", ...(version && { "If-Match": `"${version}"` }) } });
export const importTimeline = (body) => read("/api/timelines", { method: "POST", body });
