/** Events as the engine evaluated them: each with a match of `Test.Rule`, or with the results that a test names. */
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { identity } from './model.ts'

/** The time at which an event is counted, unless a test names another one. */
export const EVENT_AT = 1_700_000_000_000

interface EventOptions {
  readonly at?: number
  readonly dedupId?: string
  readonly rowId?: string
  readonly ownRowId?: boolean
  readonly detection?: string
}

let seq = 0

/** @param functions null if no detection matched. */
export function evaluatedEvent(functions: FunctionResults | null, over: EventOptions = {}): EvaluatedEvent {
  const at = over.at ?? EVENT_AT
  const rowId = over.rowId ?? `row-${seq}`
  const envelope = {
    source: 'stdin',
    seq: seq++,
    kind: 'log' as const,
    type: null,
    receivedAt: at,
    raw: '{}',
    position: 'line 1',
    ...(over.dedupId && { dedupId: over.dedupId }),
    ...(over.ownRowId && { dedupByRowId: true }),
  }
  const identified = identity({ rowId, at, seq: envelope.seq })
  const id = over.detection ?? 'Test.Rule'
  const findings = functions
    ? [{ from: 'detection' as const, detection: id, event: identified, functions }]
    : []
  return {
    envelope,
    outcome: { status: 'evaluated', at, ownRowId: over.ownRowId ? rowId : null, findings },
  }
}

/** The title is the dedup key, too. */
export function matchedEvent(title: string, over: EventOptions = {}): EvaluatedEvent {
  return evaluatedEvent({ detection: { output: true }, title: { output: title } }, over)
}
