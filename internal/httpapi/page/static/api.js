// What the page says to the API. Every function throws a Problem when the answer is an error.

const tokenKey = "trackmydegree.token";

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `The server answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? "";
    this.fields = body?.errors ?? [];
    this.closest = body?.closest ?? [];
    this.requestId = body?.requestId ?? "";
  }
}

export function setToken(token) {
  sessionStorage.setItem(tokenKey, token.trim());
}

export function forgetToken() {
  sessionStorage.removeItem(tokenKey);
}

function headers(more = {}) {
  const token = sessionStorage.getItem(tokenKey);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Problem(0, { detail: "The server cannot be reached. Check the connection and try again." });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    // Something in front of the API answered.
  }
  return new Problem(response.status, body);
}

const json = (method, body, more = {}) => ({
  method,
  headers: { "Content-Type": "application/json", ...more },
  body: JSON.stringify(body),
});

export const degrees = async () => (await (await call("/api/degrees")).json()).degrees;

export const sendForm = async (form) => (await call("/api/timeline/form", json("POST", form))).json();

export const load = async (id) => (await call(`/api/timeline/${id}/load`, { method: "POST" })).json();

// upload sends a file and tells how much of it has gone out, from 0 to 1. fetch cannot tell, so this is the one place
// for XMLHttpRequest.
export function upload(file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/timeline/upload");
    for (const [name, value] of Object.entries(headers({ "Idempotency-Key": crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` }))) {
      request.setRequestHeader(name, value);
    }
    request.responseType = "json";
    request.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    request.onload = () =>
      request.status === 202 ? resolve(request.response) : reject(new Problem(request.status, request.response));
    request.onerror = () => reject(new Problem(0, { detail: "The upload was cut off. Try again." }));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    const body = new FormData();
    body.append("file", file, "document.pdf"); // the file's own name stays here
    request.send(body);
  });
}

// job reads a job with its result. It returns the tag, which a later edit names.
export async function job(id) {
  const response = await call(`/api/timeline/status/${id}`);
  return { ...(await response.json()), tag: response.headers.get("ETag") };
}

export async function edit(id, tag, patch) {
  const response = await call(`/api/timeline/status/${id}`, json("PATCH", patch, { "If-Match": tag }));
  return { ...(await response.json()), tag: response.headers.get("ETag") };
}

export const deleteJob = (id) => call(`/api/timeline/status/${id}`, { method: "DELETE" });

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// follow tells of each state of a job until it is done or has failed. A stream that breaks is opened again where it was.
export async function follow(id, onState, signal) {
  let last = "";
  for (let tries = 0; tries < 30; tries++) {
    try {
      const response = await call(`/api/timeline/status/${id}/events`, {
        headers: last ? { "Last-Event-ID": last } : {},
        signal,
      });
      if (response.status === 204) return;
      for await (const event of events(response.body)) {
        if (event.name === "gone") throw new Problem(404, JSON.parse(event.data));
        last = event.id || last;
        tries = 0;
        const state = JSON.parse(event.data);
        onState(state);
        if (state.status === "done" || state.status === "failed") return;
      }
    } catch (error) {
      if (signal?.aborted || (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429)) throw error;
    }
    await pause(Math.min(500 * 2 ** tries, 5000));
  }
  throw new Problem(0, { detail: "The server does not answer any more. Load the page again to go on waiting." });
}

// events reads a stream of server-sent events.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
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

export const save = async (jobId, timelineName) => (await call("/api/timelines", json("POST", { jobId, timelineName }))).json();

export const timelines = async (cursor) =>
  (await call(`/api/timelines?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`)).json();

export const rename = async (id, version, timelineName) =>
  (await call(`/api/timelines/${id}`, json("PUT", { timelineName }, { "If-Match": `"${version}"` }))).json();

export const deleteTimeline = (id) => call(`/api/timelines/${id}`, { method: "DELETE" });
