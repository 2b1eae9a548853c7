/** What a signal keeps for correlation: written in the worker, where the event is, and read when rules compare. Pure. */
import type { Correlation, SignalField } from '../model/correlation.ts'
import type { Hit, StepHits } from './correlation-hits.ts'
import { isContainer, parseExact, textOf } from './exact-json.ts'
import { valueAt } from './key-lookup.ts'
import { withFields } from './simple-detection.ts'

/** The name under which signals hold what `alert_context()` gave. */
const CONTEXT = 'p_alert_context'

/** @returns a JSON object; what can't be compared is left out. */
export function keepFields(
  fields: readonly SignalField[],
  raw: string,
  filled: Readonly<Record<string, string>>,
): string {
  const record = withFields(parseExact(raw), filled)
  const kept = fields.flatMap(({ name, key }) => {
    const value = valueAt(record, key)
    return key[0] === CONTEXT || !isComparable(value)
      ? []
      : [`${JSON.stringify(name)}:${JSON.stringify(value)}`]
  })
  return `{${kept.join(',')}}`
}

function isComparable(value: unknown): boolean {
  if (value === undefined || value === null) return false
  return !isContainer(value) || (Array.isArray(value) && !value.some(isContainer))
}

/** A signal as it was stored. */
export interface KeptSignal {
  readonly id: number
  readonly detection: string
  readonly at: number
  readonly happenedAt: number
  readonly rowId: string
  readonly alertId: string | null
  readonly context: string
  readonly fields: string
}

export interface SignalHit extends Hit {
  readonly signal: KeptSignal
}

/** Each step's hits among the signals. */
export function hitsOfSignals(signals: readonly KeptSignal[], correlation: Correlation): StepHits<SignalHit> {
  const keys = new Map(
    correlation.criteria.flatMap(({ fields }) =>
      fields.map(({ field: { name, key } }) => [name, key] as const),
    ),
  )
  const byRule = Map.groupBy(signals, ({ detection }) => detection)
  const hitOf = (signal: KeptSignal): SignalHit => {
    const known = new Map<string, readonly string[]>()
    return {
      at: signal.happenedAt,
      signal,
      values(field) {
        const values = known.get(field) ?? comparable(fieldOf(signal, field, keys.get(field)!))
        known.set(field, values)
        return values
      },
    }
  }
  return new Map(correlation.steps.map(({ id, rule }) => [id, (byRule.get(rule) ?? []).map(hitOf)]))
}

function fieldOf({ context, fields }: KeptSignal, name: string, key: SignalField['key']): unknown {
  if (key[0] === CONTEXT) return valueAt(parseExact(context), key.slice(1))
  const record = parseExact(fields) as Record<string, unknown>
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** A value is compared with a value, a list with a list: an element stands in brackets. */
function comparable(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(comparable).map((each) => `[${each}]`)
  const text = isContainer(value) ? '' : textOf(value)
  return text === '' ? [] : [text]
}
