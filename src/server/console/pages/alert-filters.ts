/** The filters of the list of alerts, as the address has them. Pure. */
import { STATUS_NAMES, type StatusName } from '../../../model/alerts/alert-status.ts'
import { parseSeverity } from '../../../model/alerts/severity.ts'
import { type AlertQuery, MIN_SEARCHED_CHARS } from '../../../store/store.ts'

/** Empty: the filter is not set. */
export interface AlertFilters {
  readonly q: string
  readonly status: StatusName | 'any'
  readonly severity: string
  readonly detection: string
  readonly assignee: string
  readonly since: string
  readonly destination: string
  readonly tag: string
  readonly before: string
}

const PAGE_SIZE = 50
const AGE_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What an address has that means nothing is left out, so that an old link still shows a list. */
export function filtersOf(parameters: URLSearchParams): AlertFilters {
  const text = (name: string) => (parameters.get(name) ?? '').trim().slice(0, 200)
  return {
    q: text('q'),
    status: [...STATUS_NAMES, 'any' as const].find((each) => each === text('status')) ?? 'open',
    severity: parseSeverity(text('severity')) ?? '',
    detection: text('detection'),
    assignee: text('assignee'),
    since: /^\d{1,4}[mhd]$/.test(text('since')) ? text('since') : '',
    destination: text('destination'),
    tag: text('tag'),
    before: /^[\w-]{1,60}$/.test(text('before')) ? text('before') : '',
  }
}

export function queryOf(filters: AlertFilters, now: number): AlertQuery {
  const { q, status, severity, detection, assignee, destination, tag, since, before } = filters
  const parsedSeverity = parseSeverity(severity)
  return {
    limit: PAGE_SIZE,
    ...(q.length >= MIN_SEARCHED_CHARS && { text: q }),
    ...(status !== 'any' && { statuses: [status] }),
    ...(parsedSeverity && { severities: [parsedSeverity] }),
    ...(detection !== '' && { detection }),
    ...(assignee !== '' && { assignee }),
    ...(since !== '' && { since: now - Number(since.slice(0, -1)) * AGE_MS[since.at(-1)!]! }),
    ...(destination !== '' && { destination }),
    ...(tag !== '' && { tag }),
    ...(before !== '' && { before }),
  }
}
