/** WORKER THREAD. Selects the detections that an event may concern. The rest would stay silent on it. */

import type { RawObject } from '../guard/guard-values.ts'
import type { IndexCondition } from './index-condition.ts'
import { IndexNode } from './index-node.ts'

export interface IndexedDetection {
  readonly number: number
  /** At least one of them holds for an event that it does not stay silent on. null: it is always selected. */
  readonly conditions: readonly IndexCondition[] | null
}

export class EventIndex {
  readonly #always: readonly number[]
  readonly #root = new IndexNode('')
  /** The event for which each detection was selected last; the index is the number of the detection. */
  readonly #selectedFor: Uint32Array
  #event = 0
  #selected: number[] = []

  constructor(detections: readonly IndexedDetection[]) {
    this.#always = detections.filter(({ conditions }) => conditions === null).map(({ number }) => number)
    this.#selectedFor = new Uint32Array(detections.reduce((max, { number }) => Math.max(max, number), -1) + 1)
    for (const { number, conditions } of detections) {
      for (const condition of conditions ?? []) this.#root.add(condition, number)
    }
  }

  /** Returns the numbers of the selected detections, ascending. */
  select(record: RawObject): readonly number[] {
    this.#event = this.#event === 0xffff_ffff ? this.#restart() : this.#event + 1
    this.#selected = []
    this.#root.select(record, this.#report)
    if (this.#selected.length === 0) return this.#always
    return [...this.#always, ...this.#selected].sort((a, b) => a - b)
  }

  readonly #report = (numbers: readonly number[]): void => {
    for (const number of numbers) {
      if (this.#selectedFor[number] === this.#event) continue
      this.#selectedFor[number] = this.#event
      this.#selected.push(number)
    }
  }

  #restart(): number {
    this.#selectedFor.fill(0)
    return 1
  }
}
