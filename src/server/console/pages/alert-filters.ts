/** The filters of the list of alerts, as the address has them. Pure. */
import { STATUS_NAMES, type StatusName } from '../../../model/alerts/alert-status.ts'
import { parseSeverity } from '../../../model/alerts/severity.ts'
import { type AlertQuery, MIN_SEARCHED_CHARS } from '../../../store/store.ts'
import { parseDuration } from '../parts/form-duration.ts'

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
  /** The id of a silence that hid the alert. */
  readonly silencedBy: string
  readonly before: string
}

const PAGE_SIZE = 50

/** What an address has that means nothing is left out, so that an old link still shows a list. */
export function filtersOf(parameters: URLSearchParams): AlertFilters {
  const text = (name: string) => (parameters.get(name) ?? '').trim().slice(0, 200)
  return {
    q: text('q'),
    status: [...STATUS_NAMES, 'any' as const].find((each) => each === text('status')) ?? 'open',
    severity: parseSeverity(text('severity')) ?? '',
    detection: text('detection'),
    assignee: text('assignee'),
    since: parseDuration(text('since')) === undefined ? '' : text('since'),
    destination: text('destination'),
    tag: text('tag'),
    silencedBy: text('silencedBy'),
    before: /^[\w-]{1,60}$/.test(text('before')) ? text('before') : '',
  }
}

export function queryOf(filters: AlertFilters, now: number): AlertQuery {
  const { q, status, severity, detection, assignee, destination, tag, silencedBy, since, before } = filters
  const age = parseDuration(since)
  const parsedSeverity = parseSeverity(severity)
  return {
    limit: PAGE_SIZE,
    ...(q.length >= MIN_SEARCHED_CHARS && { text: q }),
    ...(status !== 'any' && { statuses: [status] }),
    ...(parsedSeverity && { severities: [parsedSeverity] }),
    ...(detection !== '' && { detection }),
    ...(assignee !== '' && { assignee }),
    ...(age !== undefined && { since: now - age }),
    ...(destination !== '' && { destination }),
    ...(tag !== '' && { tag }),
    ...(silencedBy !== '' && { silencedBy }),
    ...(before !== '' && { before }),
  }
}
