/** Updates: what happened to an alert after it was delivered. */
import { truncateText } from '../../core/truncate-text.ts'
import type { ClosedReason, StatusName } from './alert-status.ts'

export const UPDATE_EVENTS = [
  'repeated',
  'escalated',
  'acknowledged',
  'reopened',
  'resolved',
  'commented',
] as const
export type UpdateEvent = (typeof UPDATE_EVENTS)[number]

/** What one update says. Several events that wait together become one update. */
export interface AlertUpdate {
  /** Each event once, the latest last. Of the changes of the status only the latest is kept. */
  readonly events: readonly UpdateEvent[]
  /** The status after the latest event. */
  readonly status: StatusName
  readonly closedReason: ClosedReason | null
  /** The person or rule of the latest change; empty: none of the events has one. */
  readonly actor: string
  /** The notes of the events, one a line; empty: there are none. */
  readonly note: string
}

const STATUS_EVENTS: readonly UpdateEvent[] = ['acknowledged', 'reopened', 'resolved']
const MAX_NOTE_CHARS = 4_096

/** Adds later events to an update that was not sent yet. */
export function mergeUpdates(earlier: AlertUpdate, later: AlertUpdate): AlertUpdate {
  const changesStatus = later.events.some((event) => STATUS_EVENTS.includes(event))
  const kept = earlier.events.filter(
    (event) => !later.events.includes(event) && !(changesStatus && STATUS_EVENTS.includes(event)),
  )
  const note = [earlier.note, later.note].filter(Boolean).join('\n')
  return {
    events: [...kept, ...later.events],
    status: later.status,
    closedReason: later.closedReason,
    actor: later.actor || earlier.actor,
    note: truncateText(note, MAX_NOTE_CHARS),
  }
}
