// Moments between the API, which writes them in UTC without a zone, and the browser's input, which knows local time only.

const pad = (value: number, length = 2) => String(value).padStart(length, "0");

/** 2024-05-31T16:00:00 (UTC) as what a local clock shows: 2024-05-31T18:00 in Berlin. */
export function toLocalMoment(text: string): string {
  const moment = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(moment.getTime())) return "";
  const day = `${pad(moment.getFullYear(), 4)}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  return `${day}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
}

/** The way back; null for what is no moment. */
export function fromLocalMoment(text: string): string | null {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString().slice(0, 19);
}
