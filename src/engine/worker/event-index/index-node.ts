/** WORKER THREAD. The conditions on one value of an event, and on what lies below it. */

import { isRawObject, type RawObject } from '../guard/guard-values.ts'
import { lowerCaseOf, type ObjectShape, shapeOf } from '../guard/object-shape.ts'
import { FieldTables } from './field-tables.ts'
import type { FieldPath, IndexCondition } from './index-condition.ts'
import { append, appended, type Report } from './text-table.ts'

/** What the children find in all objects of one shape. */
interface Layout {
  /** The children that are there, and the keys under which they are. */
  readonly found: readonly IndexNode[]
  readonly keys: readonly string[]
  /** The detections below the children of which it is not certain which key they find. */
  readonly uncertain: readonly number[]
}

export class IndexNode {
  readonly name: string
  /** The conditions that null meets like other values, and those for which it is absent. */
  #tables: FieldTables | null = null
  #tablesWithoutNull: FieldTables | null = null
  /** null: it has none, as most nodes. */
  #children: Children | null = null
  /** The detections of the node and of all below it. */
  all: number[] | null = null
  /** The detections below it that raise where the value is no object. */
  #raising: number[] | null = null

  constructor(name: string) {
    this.name = name
  }

  /** @param depth how many keys of its path lead here. */
  add(condition: IndexCondition, number: number, depth = 0): void {
    const { path } = condition
    this.all = appended(this.all, number)
    const key = path.keys[depth]
    if (key === undefined) {
      this.#tablesOf(path).add(condition, number)
      return
    }
    if (path.raisesOnTheWay) this.#raising = appended(this.#raising, number)
    this.#children ??= new Children()
    this.#children.child(key, path).add(condition, number, depth + 1)
  }

  /** Reports the detections whose conditions the value, or what lies below it, may meet. */
  select(value: unknown, report: Report): void {
    if (this.#tables) this.#tables.select(value, report)
    if (this.#tablesWithoutNull && value !== null) this.#tablesWithoutNull.select(value, report)
    if (this.#children === null) return
    if (isRawObject(value)) this.#children.select(value, report)
    else if (this.#raising) report(this.#raising)
  }

  #tablesOf({ nullIsAbsent }: FieldPath): FieldTables {
    if (nullIsAbsent) {
      this.#tablesWithoutNull ??= new FieldTables()
      return this.#tablesWithoutNull
    }
    this.#tables ??= new FieldTables()
    return this.#tables
  }
}

/** The nodes below one node. */
class Children {
  /** The children by their names: found exactly, found in any case (by the name in lower case), and with other characters. */
  readonly #exact = new Map<string, IndexNode>()
  readonly #inAnyCase = new Map<string, IndexNode[]>()
  readonly #notAscii: IndexNode[] = []
  #layouts = new WeakMap<ObjectShape, Layout>()

  /** Returns the child with this name, which is made if it is a new one. */
  child(name: string, { isExact }: FieldPath): IndexNode {
    const lower = isExact ? null : lowerCaseOf(name)
    const known = isExact
      ? this.#exact.get(name)
      : (lower === null ? this.#notAscii : this.#inAnyCase.get(lower))?.find((each) => each.name === name)
    if (known) return known
    const child = new IndexNode(name)
    if (isExact) this.#exact.set(name, child)
    else if (lower === null) this.#notAscii.push(child)
    else append(this.#inAnyCase, lower, child)
    this.#layouts = new WeakMap()
    return child
  }

  select(object: RawObject, report: Report): void {
    const { found, keys, uncertain } = this.#layoutOf(object)
    for (let at = 0; at < found.length; at++) found[at]!.select(object[keys[at]!], report)
    if (uncertain.length > 0) report(uncertain)
  }

  #layoutOf(object: RawObject): Layout {
    const shape = shapeOf(object)
    const known = this.#layouts.get(shape)
    if (known) return known
    const layout = this.#createLayout(object, shape)
    this.#layouts.set(shape, layout)
    return layout
  }

  #createLayout(object: RawObject, { keys, byLowerCase }: ObjectShape): Layout {
    const layout = { found: [] as IndexNode[], keys: [] as string[], uncertain: [] as number[] }
    /** @param otherwise the key that the child finds where none is exactly its name. */
    const place = (child: IndexNode, otherwise: string | null) => {
      const key = Object.hasOwn(object, child.name) ? child.name : otherwise
      if (key === null) layout.uncertain.push(...child.all!)
      else {
        layout.found.push(child)
        layout.keys.push(key)
      }
    }
    for (const key of keys) {
      const child = this.#exact.get(key)
      if (child) place(child, key)
    }
    for (const child of this.#notAscii) place(child, null)
    if (byLowerCase === null) {
      for (const child of [...this.#inAnyCase.values()].flat()) place(child, null)
    } else {
      for (const [lower, key] of byLowerCase) {
        for (const child of this.#inAnyCase.get(lower) ?? []) place(child, key)
      }
    }
    return layout
  }
}
