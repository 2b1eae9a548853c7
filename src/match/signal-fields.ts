/** The fields that a signal keeps for correlation: written with the event, read by correlation rules. Pure. */

import { isContainer, parseExact, textOf } from '../core/exact-json.ts'
import type { Correlation, SignalField } from '../model/project/correlation-definition.ts'
import { valueAt } from './key-lookup.ts'
import type { Hit, StepHits } from './signal-hit.ts'
import { withFields } from './simple-detection.ts'

/** The name under which rules compare the alert context. */
const CONTEXT = 'p_alert_context'

/**
 * @param context what the detection said of its alert; it stands where the record has a field of that name.
 * @returns a JSON object by the names of the fields; what can't be compared is left out.
 */
export function signalFieldsJson(
  fields: readonly SignalField[],
  raw: string,
  filled: Readonly<Record<string, string>>,
  context: string,
): string {
  const record = { ...(withFields(parseExact(raw), filled) as object), [CONTEXT]: parseExact(context) }
  const kept = fields.flatMap(({ name, key }) => {
    const value = valueAt(record, key)
    return isComparable(value) ? [`${JSON.stringify(name)}:${JSON.stringify(value)}`] : []
  })
  return `{${kept.join(',')}}`
}

function isComparable(value: unknown): boolean {
  if (value === undefined || value === null) return false
  return !isContainer(value) || (Array.isArray(value) && !value.some(isContainer))
}

/** A signal as it was stored. */
export interface StoredSignal {
  readonly id: number
  /** The place of the signal in the order of commits. Positions are compared as texts. */
  readonly position: string
  readonly detection: string
  readonly at: number
  readonly happenedAt: number
  readonly rowId: string
  readonly alertId: string | null
  readonly fields: string
}

export interface SignalHit extends Hit {
  readonly signal: StoredSignal
}

/** Each step's hits among the signals. */
export function hitsOfSignals(
  signals: readonly StoredSignal[],
  { steps }: Correlation,
  isNew: (signal: StoredSignal) => boolean,
): StepHits<SignalHit> {
  const byRule = Map.groupBy(signals, ({ detection }) => detection)
  const hitOf = (signal: StoredSignal): SignalHit => {
    let kept: Record<string, unknown> | undefined
    return {
      at: signal.happenedAt,
      isNew: isNew(signal),
      signal,
      values(field) {
        kept ??= parseExact(signal.fields) as Record<string, unknown>
        return Object.hasOwn(kept, field) ? comparable(kept[field]) : []
      },
    }
  }
  return new Map(steps.map(({ id, rule }) => [id, (byRule.get(rule) ?? []).map(hitOf)]))
}

/** A value is compared with a value, a list with a list: an element stands in brackets. */
function comparable(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(comparable).map((each) => `[${each}]`)
  const text = textOf(value)
  return text === '' ? [] : [text]
}
