/** Selects the detections that an event may concern. The rest would stay silent on it. */
import type { RawObject } from '../guard/guard-values.ts'
import { FieldTables } from './field-tables.ts'
import type { IndexCondition } from './index-condition.ts'

export interface IndexedDetection {
  readonly number: number
  /** At least one of them holds for an event that it does not stay silent on. null: it is always selected. */
  readonly conditions: readonly IndexCondition[] | null
}

const NONE: readonly number[] = []

export class EventIndex {
  readonly #always: readonly number[]
  readonly #fields: readonly FieldTables[]
  /** The event for which each detection was selected last; the index is the number of the detection. */
  readonly #selectedFor: Uint32Array
  #event = 0

  constructor(detections: readonly IndexedDetection[]) {
    this.#always = detections.filter(({ conditions }) => conditions === null).map(({ number }) => number)
    this.#selectedFor = new Uint32Array(detections.reduce((max, { number }) => Math.max(max, number), -1) + 1)
    const fields = new Map<string, FieldTables>()
    for (const { number, conditions } of detections) {
      for (const condition of conditions ?? []) {
        const name = JSON.stringify(condition.path)
        const tables = fields.get(name) ?? new FieldTables(condition.path)
        fields.set(name, tables)
        tables.add(condition, number)
      }
    }
    this.#fields = [...fields.values()]
  }

  /** Returns the numbers of the selected detections, ascending. */
  select(record: RawObject): readonly number[] {
    this.#event = this.#event === 0xffff_ffff ? this.#restart() : this.#event + 1
    const event = this.#event
    const selectedFor = this.#selectedFor
    let selected: number[] | null = null
    const report = (numbers: readonly number[]) => {
      for (const number of numbers) {
        if (selectedFor[number] === event) continue
        selectedFor[number] = event
        selected ??= []
        selected.push(number)
      }
    }
    for (const tables of this.#fields) tables.select(record, report)
    if (selected === null) return this.#always.length === 0 ? NONE : this.#always
    return [...this.#always, ...(selected as number[])].sort((a, b) => a - b)
  }

  #restart(): number {
    this.#selectedFor.fill(0)
    return 1
  }
}
