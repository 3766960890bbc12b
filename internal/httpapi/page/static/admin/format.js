// Times and durations, short.

// secondsOf formats a number of seconds in its largest suitable unit.
export function secondsOf(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export const ageOf = (at) => secondsOf(Math.max(0, (Date.now() - new Date(at)) / 1000));
export const agoOf = (at) => `${ageOf(at)} ago`;

// timeOf is a time in UTC, to the millisecond, as the logs have it.
export const timeOf = (at) => new Date(at).toISOString().replace("T", " ").replace("Z", "");
