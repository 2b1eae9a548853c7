/** WORKER THREAD. Takes the events of a batch: parses each, and keeps what the rest of the evaluation needs of it. */
import type { Envelope, EventIdentity } from '../../model/events/event.ts'
import { type ParseRules, parseEvent, type RejectedEvent } from './parse-event.ts'
import type { ParsedEvent } from './parsed-event.ts'
import type { EventPrefilter, PrefilterResult } from './prefilter.ts'

/** An accepted event without its parsed record, which takes ten times the memory of its text. */
export interface KeptEvent
  extends Pick<ParsedEvent, 'status' | 'ownRowId' | 'at' | 'fields' | 'notices'>,
    PrefilterResult {
  readonly event: EventIdentity
}

/** null: the event is quiet; see quiet-events.ts. */
export type TakenEvent = KeptEvent | RejectedEvent | null

interface TakingRules extends ParseRules {
  readonly prefilterEvent: EventPrefilter
  /** Whether events on which nothing is found are kept too. */
  readonly keepsQuiet: boolean
}

export function takeEvent(envelope: Envelope, rules: TakingRules): TakenEvent {
  const parsed = parseEvent(envelope, rules)
  if (parsed.status !== 'accepted') return parsed
  const result = rules.prefilterEvent(envelope.raw, parsed)
  if (!rules.keepsQuiet && isQuiet(envelope, parsed, result)) return null
  const { status, event, ownRowId, at, fields, notices } = parsed
  return { status, event, ownRowId, at, fields, notices, ...result }
}

function isQuiet(
  { receivedAt }: Envelope,
  { ownRowId, at, notices }: ParsedEvent,
  { python, matched }: PrefilterResult,
): boolean {
  const isSilent = python.length === 0 && matched.length === 0
  return isSilent && ownRowId === null && at === receivedAt && notices.length === 0
}
