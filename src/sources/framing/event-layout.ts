/** Locates the events in a JSON text: at the top, in a top-level list, or at the path of `?unwrap=`. */

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

/** A layout is called for every bracket and key outside events; a depth is the number of open brackets. */
export interface Layout {
  /** Values at this depth are events; -1 when there are none. */
  readonly eventDepth: number
  /** True when values at `eventDepth` are list elements, which commas separate. */
  readonly inList: boolean
  /** The reason why the last value at `eventDepth` is not an event, or null. */
  readonly mismatch: string | null
  /** Returns true when the bracket belongs to the layout, false when it opens an event or a skipped value. */
  opens(bracket: number, depth: number): boolean
  /** Returns the reason why the closed container had no events, or null. */
  closes(depth: number): string | null
  wantsKey(depth: number): boolean
  key(name: string): void
  /** Returns true when the text that begins here is the value at the path. */
  takesText(depth: number): boolean
  comma(depth: number): void
  /** Reports that the captured value at `eventDepth` is complete. */
  finished(): void
  /** The remaining path within the last value; null when the value is an event. */
  readonly rest: string | null
}

export function layoutFor(unwrap: string | null): Layout {
  return unwrap === null ? new ListLayout() : new ContainerLayout(unwrap)
}

/** Values at the top are events; a top-level list is a list of events. */
class ListLayout implements Layout {
  eventDepth = 0
  readonly mismatch = null

  get inList(): boolean {
    return this.eventDepth === 1
  }
  opens(bracket: number, depth: number): boolean {
    if (depth > 0 || bracket !== OPEN_BRACKET) return false
    this.eventDepth = 1
    return true
  }
  closes(): null {
    this.eventDepth = 0
    return null
  }
  readonly rest = null
  wantsKey(): boolean {
    return false
  }
  key(): void {}
  takesText(): boolean {
    return false
  }
  comma(): void {}
  finished(): void {}
}

/** Containers are at the top or in a top-level list; the path leads through the objects of each container. */
class ContainerLayout implements Layout {
  readonly #path: readonly string[]
  #containerDepth = 0
  /** The number of keys of the path that lead to the open object. */
  #matched = 0
  /** True when the next value belongs to the next key of the path. */
  #isNext = false
  #found = false
  /** The value at the path: a list, or one value, whose end is the end of the events. */
  #reached: 'list' | 'value' | null = null
  eventDepth = 0

  constructor(path: string) {
    this.#path = path.split('.')
  }

  get inList(): boolean {
    return this.#reached !== 'value' && this.eventDepth > 0
  }
  get mismatch(): string | null {
    return this.#reached === null ? this.#reason : null
  }
  get rest(): string | null {
    return this.#reached === null ? null : this.#path.slice(this.#matched + 1).join('.')
  }
  get #reason(): string {
    return `nothing to unwrap at "${this.#path.join('.')}"`
  }
  /** The depth of the keys in the open object. */
  get #keyDepth(): number {
    return this.#containerDepth + 1 + this.#matched
  }

  opens(bracket: number, depth: number): boolean {
    if (this.#reached !== null) return false
    if (depth === this.eventDepth) {
      return bracket === OPEN_BRACE ? this.#openContainer() : this.#openOuterList(depth)
    }
    if (!this.#isNext || depth !== this.#keyDepth) return false
    if (bracket === OPEN_BRACKET) return this.#reach('list', depth + 1)
    if (this.#matched === this.#path.length - 1) return !this.#reach('value', depth)
    this.#matched++
    this.#isNext = false
    return true
  }

  #openContainer(): boolean {
    this.eventDepth = -1
    this.#found = false
    this.#isNext = false
    this.#matched = 0
    return true
  }

  #openOuterList(depth: number): boolean {
    if (depth > 0) return false
    this.#containerDepth = 1
    this.eventDepth = 1
    return true
  }

  #reach(reached: 'list' | 'value', eventDepth: number): true {
    this.#reached = reached
    this.#found = true
    this.eventDepth = eventDepth
    return true
  }

  #leave(): void {
    this.#reached = null
    this.#isNext = false
    this.eventDepth = -1
  }

  closes(depth: number): string | null {
    if (this.#reached === 'list' && depth === this.#keyDepth) {
      this.#leave()
      return null
    }
    if (this.eventDepth === -1) {
      if (depth === this.#containerDepth) {
        this.eventDepth = depth
        return this.#found ? null : this.#reason
      }
      if (this.#matched > 0 && depth === this.#keyDepth - 1) {
        this.#matched--
        this.#isNext = false
      }
      return null
    }
    if (depth === 0) {
      this.#containerDepth = 0
      this.eventDepth = 0
    }
    return null
  }

  /** Returns true for each string directly in the object; after a value that equals the key comes a comma. */
  wantsKey(depth: number): boolean {
    return this.eventDepth === -1 && depth === this.#keyDepth
  }
  key(name: string): void {
    this.#isNext = name === this.#path[this.#matched]
  }
  takesText(depth: number): boolean {
    return this.#isNext && this.wantsKey(depth) && this.#reach('value', depth)
  }
  comma(depth: number): void {
    if (depth === this.#keyDepth && this.#reached === null) this.#isNext = false
  }
  finished(): void {
    if (this.#reached === 'value') this.#leave()
  }
}
