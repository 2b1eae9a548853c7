/** WORKER THREAD. Detections by the value of one field. */

import { isScalar } from '../guard/guard-operations.ts'
import { isAscii, isExactNumber } from '../guard/guard-values.ts'
import { type IndexCondition, inLetterCase, type LetterCase } from './index-condition.ts'
import { append, appended, type Report, TextTable } from './text-table.ts'

export class FieldTables {
  #present: number[] | null = null
  #scalars: Map<unknown, number[]> | null = null
  /** The detections that compare with scalars, and those of them to which a list or an object is no scalar. */
  #comparing: number[] | null = null
  #raising: number[] | null = null
  #texts: Map<LetterCase | null, TextTable> | null = null

  add({ kind, values, letterCase, raisesOnContainers }: IndexCondition, number: number): void {
    if (kind === 'present') this.#present = appended(this.#present, number)
    else if (kind === 'equal' && letterCase === null) {
      this.#comparing = appended(this.#comparing, number)
      if (raisesOnContainers) this.#raising = appended(this.#raising, number)
      this.#scalars ??= new Map()
      for (const value of values) append(this.#scalars, keyOf(value), number)
    } else {
      this.#texts ??= new Map()
      const table = this.#texts.get(letterCase) ?? new TextTable()
      this.#texts.set(letterCase, table)
      table.add(kind, values as readonly string[], number)
    }
  }

  select(value: unknown, report: Report): void {
    if (this.#present) report(this.#present)
    if (this.#comparing) this.#selectScalar(value, this.#comparing, report)
    if (this.#texts === null) return
    for (const [letterCase, table] of this.#texts) {
      if (typeof value !== 'string' || (letterCase !== null && !isAscii(value))) report(table.all)
      else table.select(inLetterCase(value, letterCase), report)
    }
  }

  #selectScalar(value: unknown, comparing: readonly number[], report: Report): void {
    if (!isScalar(value)) {
      if (this.#raising) report(this.#raising)
    } else if (typeof value === 'number' && !isExactNumber(value)) report(comparing)
    else {
      const found = this.#scalars?.get(keyOf(value))
      if (found) report(found)
    }
  }
}

/** Python's true is 1. */
function keyOf(value: string | number | boolean | null): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}
