/**
 * WORKER THREAD. Fields that an event lacks, and the conditions under which their tests come out otherwise.
 */
import type { FieldPath, IndexCondition } from './index-condition.ts'

/** They are filled in, so that no event lacks them. */
const FILLED = new Set(['p_log_type', 'p_row_id', 'p_parse_time', 'p_source_label', 'p_event_time'])

export function isFilledField(name: string): boolean {
  return FILLED.has(name.toLowerCase())
}

/** The value of a field that the event lacks. */
export class FieldValue {
  readonly path: FieldPath
  /** What stands in for it; perhaps another field. */
  readonly fallback: unknown
  readonly letterCase: 'lower' | 'upper' | null
  constructor(path: FieldPath, fallback: unknown, letterCase: 'lower' | 'upper' | null = null) {
    this.path = path
    this.fallback = fallback
    this.letterCase = letterCase
  }
}

/** A field of the event itself that has a known text in it. */
export interface GivenField {
  readonly key: string
  readonly isExact: boolean
  readonly value: string
}

export class FieldRecorder {
  readonly #logType: string | null
  readonly #given: GivenField | null
  readonly #conditions = new Map<string, IndexCondition>()
  /** Whether the conditions, or that there are none, depend on the log type. */
  readsLogType = false

  /** @param given the only field that the event does not lack. */
  constructor(logType: string | null, given: GivenField | null) {
    this.#logType = logType
    this.#given = given
  }

  conditions(): IndexCondition[] {
    return [...this.#conditions.values()]
  }

  /** A key of the event. */
  field(path: FieldPath, fallback: unknown): unknown {
    const name = path.keys[0]!.toLowerCase()
    if (!isFilledField(name)) return this.#givenValue(path) ?? new FieldValue(path, fallback)
    // An event may have the same name in other letters, which a lookup in those letters finds first.
    const isLogType = path.keys.length === 1 && path.keys[0] === 'p_log_type'
    this.readsLogType ||= isLogType
    if (isLogType && this.#logType !== null) return this.#logType
    throw new Error(`it reads ${path.keys[0]}`)
  }

  /** Takes a field as absent. Throws where it certainly is not. */
  requireAbsent(path: FieldPath): void {
    const value = this.field(path, null)
    if (!(value instanceof FieldValue)) throw new Error(`it reads ${path.keys[0]}`)
    this.valueOf(value)
  }

  #givenValue({ keys, isExact }: FieldPath): string | null {
    const given = this.#given
    const isGiven = given !== null && keys.length === 1 && keys[0] === given.key && isExact === given.isExact
    return isGiven ? given.value : null
  }

  /** The value on an event without fields. A use of it that is not followed records that the field is present. */
  valueOf(value: unknown): unknown {
    if (!(value instanceof FieldValue)) return value
    this.add(value, 'present', [], false)
    return this.valueOf(value.fallback)
  }

  add(
    { path, letterCase }: FieldValue,
    kind: IndexCondition['kind'],
    values: IndexCondition['values'],
    raisesOnContainers: boolean,
  ): void {
    const condition = { path, kind, values, letterCase, raisesOnContainers }
    this.#conditions.set(JSON.stringify(condition), condition)
  }
}
