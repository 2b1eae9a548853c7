/** WORKER THREAD. Selects the detections that an event may concern. The rest would stay silent on it. */
import { ABSENT } from '../guard/guard-lookup.ts'
import type { RawObject } from '../guard/guard-values.ts'
import { FieldTables } from './field-tables.ts'
import { type FieldPath, type IndexCondition, valueAt } from './index-condition.ts'

export interface IndexedDetection {
  readonly number: number
  /** At least one of them holds for an event that it does not stay silent on. null: it is always selected. */
  readonly conditions: readonly IndexCondition[] | null
}

interface FieldGroup {
  readonly first: FieldPath
  readonly fields: FieldTables[]
}

const NONE: readonly number[] = []

export class EventIndex {
  readonly #always: readonly number[]
  /** By the first key of their paths: an event without it has none of the fields. */
  readonly #groups: readonly FieldGroup[]
  /** The event for which each detection was selected last; the index is the number of the detection. */
  readonly #selectedFor: Uint32Array
  #event = 0

  constructor(detections: readonly IndexedDetection[]) {
    this.#always = detections.filter(({ conditions }) => conditions === null).map(({ number }) => number)
    this.#selectedFor = new Uint32Array(detections.reduce((max, { number }) => Math.max(max, number), -1) + 1)
    const fields = new Map<string, FieldTables>()
    const groups = new Map<string, FieldGroup>()
    for (const { number, conditions } of detections) {
      for (const condition of conditions ?? []) {
        const name = JSON.stringify(condition.path)
        const tables = fields.get(name) ?? new FieldTables(condition.path)
        if (!fields.has(name)) groupOf(condition.path, groups).fields.push(tables)
        fields.set(name, tables)
        tables.add(condition, number)
      }
    }
    this.#groups = [...groups.values()]
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
    for (const { first, fields } of this.#groups) {
      if (fields.length > 1 && isAbsent(record, first)) continue
      for (const tables of fields) tables.select(record, report)
    }
    if (selected === null) return this.#always.length === 0 ? NONE : this.#always
    return [...this.#always, ...(selected as number[])].sort((a, b) => a - b)
  }

  #restart(): number {
    this.#selectedFor.fill(0)
    return 1
  }
}

function groupOf(path: FieldPath, groups: Map<string, FieldGroup>): FieldGroup {
  const first = {
    keys: path.keys.slice(0, 1),
    isExact: path.isExact,
    raisesOnTheWay: false,
    nullIsAbsent: false,
  }
  const name = JSON.stringify(first)
  const group = groups.get(name) ?? { first, fields: [] }
  groups.set(name, group)
  return group
}

/** Whether a key of the event is certainly not there. */
function isAbsent(record: RawObject, path: FieldPath): boolean {
  try {
    return valueAt(record, path) === ABSENT
  } catch {
    return false
  }
}
