/** Small parts that every page uses: chips, times, counts and links. Pure. */
import type { AlertStatus, StatusName } from '../../../model/alerts/alert-status.ts'
import type { Severity } from '../../../model/alerts/severity.ts'
import { type Html, html, isWebAddress } from './html-template.ts'

export function severityChip(severity: Severity): Html {
  return html`<span class="chip severity ${severity.toLowerCase()}">${capital(severity.toLowerCase())}</span>`
}

export function statusChip({ status, reason }: Pick<AlertStatus, 'status' | 'reason'>): Html {
  const why = reason === null ? null : html`<span class="why">${reason}</span>`
  return html`<span class="chip status ${status}">${capital(status)}${why}</span>`
}

/** A chip for the state of anything else: `good`, `attention`, `bad` or `quiet` says what it means. */
export function stateChip(text: string, meaning: 'good' | 'attention' | 'bad' | 'quiet'): Html {
  return html`<span class="chip state ${meaning}">${text}</span>`
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** The age of a time or the wait until it, with the exact time as its title. */
export function when(at: number, now: number): Html {
  const exact = exactTime(at)
  return html`<time datetime="${new Date(at).toISOString()}" title="${exact}">${distance(at, now)}</time>`
}

/** `2026-11-30 21:05:09 UTC` */
export function exactTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function distance(at: number, now: number): string {
  const ms = Math.abs(now - at)
  if (ms < MINUTE_MS) return at > now + 1_000 ? 'in less than a minute' : 'just now'
  const text = durationText(ms)
  return at > now ? `in ${text}` : `${text} ago`
}

/** The greatest unit of a duration, for example `3 h`. */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.round(ms / 1_000)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} days`
}

/** `1 event`, `2 events`, `12,345 events`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${wholeNumberText(count)} ${count === 1 ? noun : plural}`
}

export function wholeNumberText(count: number): string {
  return count.toLocaleString('en-US')
}

export function shortId(id: string): string {
  return id.slice(0, 8)
}

const WEB_ADDRESS = /https?:\/\/[^\s<>"'`)\]}]+[^\s<>"'`)\]}.,;:!?]/g

/** Text of several lines, in which web addresses are links. */
export function linkedText(text: string): Html {
  const parts: Html[] = []
  let end = 0
  for (const { 0: url, index } of text.matchAll(WEB_ADDRESS)) {
    parts.push(html`${text.slice(end, index)}${outsideLink(url)}`)
    end = index + url.length
  }
  return html`${parts}${text.slice(end)}`
}

/** A link that leaves the console, or the text where it is no web address. */
export function outsideLink(url: string): Html {
  return isWebAddress(url) ? html`<a href="${url}" rel="noreferrer noopener">${url}</a>` : html`${url}`
}

/** The path of an alert, a destination or a detection. */
export function pathOf(kind: 'alerts' | 'destinations' | 'detections' | 'silences', id: string): string {
  return `/${kind}/${encodeURIComponent(id)}`
}

/** The address of a page with these parameters; empty ones are left out. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`
}

export const STATUS_TITLES: Readonly<Record<StatusName, string>> = {
  open: 'Open',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
}
