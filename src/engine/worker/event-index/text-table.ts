/** WORKER THREAD. Detections by the text of a field: equal, beginning, end, or part of it. */
import type { IndexCondition } from './index-condition.ts'
import { SubstringAutomaton } from './substring-automaton.ts'

export type Report = (numbers: readonly number[]) => void

export class TextTable {
  readonly #equal = new Map<string, number[]>()
  readonly #prefixes = new AffixTable((text, length) => text.slice(0, length))
  readonly #suffixes = new AffixTable((text, length) => text.slice(text.length - length))
  readonly #parts = new Map<string, number[]>()
  #automaton: SubstringAutomaton | null = null
  /** Every detection of the table. */
  readonly all: number[] = []

  add(kind: Exclude<IndexCondition['kind'], 'present'>, values: readonly string[], number: number): void {
    this.all.push(number)
    for (const value of values) {
      if (kind === 'equal') append(this.#equal, value, number)
      else if (kind === 'prefix') this.#prefixes.add(value, number)
      else if (kind === 'suffix') this.#suffixes.add(value, number)
      else append(this.#parts, value, number)
    }
    this.#automaton = null
  }

  select(text: string, report: Report): void {
    const equal = this.#equal.get(text)
    if (equal) report(equal)
    this.#prefixes.select(text, report)
    this.#suffixes.select(text, report)
    if (this.#parts.size === 0) return
    this.#automaton ??= new SubstringAutomaton(this.#parts)
    this.#automaton.search(text, report)
  }
}

/** One table per length, because a text has one beginning of each length. */
class AffixTable {
  readonly #byLength = new Map<number, Map<string, number[]>>()
  readonly #cut: (text: string, length: number) => string

  constructor(cut: (text: string, length: number) => string) {
    this.#cut = cut
  }

  add(affix: string, number: number): void {
    const table = this.#byLength.get(affix.length) ?? new Map<string, number[]>()
    this.#byLength.set(affix.length, table)
    append(table, affix, number)
  }

  select(text: string, report: Report): void {
    for (const [length, table] of this.#byLength) {
      if (length > text.length) continue
      const found = table.get(this.#cut(text, length))
      if (found) report(found)
    }
  }
}

/** Adds to a list that is made with its first number: an empty list that grows takes memory for 17. */
export function appended(numbers: number[] | null, number: number): number[] {
  if (numbers === null) return [number]
  numbers.push(number)
  return numbers
}

export function append<Key, Item>(table: Map<Key, Item[]>, key: Key, item: Item): void {
  const items = table.get(key)
  if (items) items.push(item)
  else table.set(key, [item])
}
