/** Times of records: read from what logs write, written as `p_*` fields carry them. */

const NO_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/
/** Smaller numbers are epoch seconds, larger ones milliseconds: the border is the year 5138 and 1973. */
const FIRST_MILLISECONDS = 1e11

/** Epoch milliseconds of an ISO-like text (UTC where it names no offset) or an epoch number; null when unreadable. */
export function parseEventTime(value: unknown): number | null {
  const ms = typeof value === 'number' ? fromEpoch(value) : typeof value === 'string' ? fromText(value) : NaN
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? Math.trunc(ms) : null
}

/** `2026-01-31 23:59:59.123000000`, UTC: how `p_event_time` and `p_parse_time` are written. */
export function formatEventTime(ms: number): string {
  if (ms !== formatted.ms) formatted = { ms, text: format(ms) }
  return formatted.text
}

/** Events that arrive together carry one time. */
let formatted = { ms: 0, text: format(0) }

function format(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1).replace('T', ' ')}000000`
}

function fromEpoch(value: number): number {
  return Math.abs(value) < FIRST_MILLISECONDS ? value * 1000 : value
}

function fromText(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return fromEpoch(Number(text))
  const iso = text
    .trim()
    .replace(/^(\d{4}-\d\d-\d\d) /, '$1T')
    .replace(/ ?(UTC|GMT)$/, 'Z')
    .replace(/(\.\d{3})\d+/, '$1')
  return Date.parse(NO_OFFSET.test(iso) ? `${iso}Z` : iso)
}
