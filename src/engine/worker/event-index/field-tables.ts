/** WORKER THREAD. Detections by the value of one field. */

import { isScalar } from '../guard/guard-operations.ts'
import { isAscii, isExactNumber } from '../guard/guard-values.ts'
import { type IndexCondition, inLetterCase, type LetterCase } from './index-condition.ts'
import { append, type Report, TextTable } from './text-table.ts'

export class FieldTables {
  readonly #present: number[] = []
  readonly #scalars = new Map<unknown, number[]>()
  /** The detections that compare with scalars, and those of them to which a list or an object is no scalar. */
  readonly #comparing: number[] = []
  readonly #raising: number[] = []
  readonly #texts = new Map<LetterCase | null, TextTable>()

  add({ kind, values, letterCase, raisesOnContainers }: IndexCondition, number: number): void {
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

  select(value: unknown, report: Report): void {
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
