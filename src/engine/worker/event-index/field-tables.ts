/** WORKER THREAD. Detections by the value of one field. */
import { ABSENT } from '../guard/guard-lookup.ts'
import { isScalar } from '../guard/guard-operations.ts'
import { isAscii, isExactNumber, type RawObject } from '../guard/guard-values.ts'
import {
  type FieldPath,
  type IndexCondition,
  inLetterCase,
  type LetterCase,
  valueAt,
  WRONG_WAY,
} from './index-condition.ts'
import { append, type Report, TextTable } from './text-table.ts'

export class FieldTables {
  readonly #path: FieldPath
  readonly #present: number[] = []
  readonly #scalars = new Map<unknown, number[]>()
  /** The detections that compare with scalars, and those of them to which a list or an object is no scalar. */
  readonly #comparing: number[] = []
  readonly #raising: number[] = []
  readonly #texts = new Map<LetterCase | null, TextTable>()
  readonly #all: number[] = []

  constructor(path: FieldPath) {
    this.#path = path
  }

  add({ kind, values, letterCase, raisesOnContainers }: IndexCondition, number: number): void {
    this.#all.push(number)
    if (kind === 'present') this.#present.push(number)
    else if (kind === 'equal' && letterCase === null) {
      this.#comparing.push(number)
      if (raisesOnContainers) this.#raising.push(number)
      for (const value of values) append(this.#scalars, keyOf(value), number)
    } else {
      const table = this.#texts.get(letterCase) ?? new TextTable()
      this.#texts.set(letterCase, table)
      table.add(kind, values as readonly string[], number)
    }
  }

  select(record: RawObject, report: Report): void {
    let value: unknown
    try {
      value = valueAt(record, this.#path)
    } catch {
      // Keys whose spelling is not known for certain.
      report(this.#all)
      return
    }
    if (value === ABSENT) return
    if (value === WRONG_WAY) {
      report(this.#all)
      return
    }
    if (this.#present.length > 0) report(this.#present)
    if (this.#comparing.length > 0) this.#selectScalar(value, report)
    for (const [letterCase, table] of this.#texts) {
      if (typeof value !== 'string' || (letterCase !== null && !isAscii(value))) report(table.all)
      else table.select(inLetterCase(value, letterCase), report)
    }
  }

  #selectScalar(value: unknown, report: Report): void {
    if (!isScalar(value)) report(this.#raising)
    else if (typeof value === 'number' && !isExactNumber(value)) report(this.#comparing)
    else {
      const found = this.#scalars.get(keyOf(value))
      if (found) report(found)
    }
  }
}

/** Python's true is 1. */
function keyOf(value: string | number | boolean | null): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}
