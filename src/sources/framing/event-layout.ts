/** Where in a JSON text the events stand: at the top, in a top-level list, or where `?unwrap=` says. */

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

/** Told of every bracket and key outside events; depths count the brackets open around. */
export interface Layout {
  /** Values at this depth are events; -1 where there are none. */
  readonly eventDepth: number
  /** True when values at `eventDepth` are list elements, parted by commas. */
  readonly inList: boolean
  /** Why the value just read at `eventDepth` is not an event, or null. */
  readonly mismatch: string | null
  /** True when the bracket belongs to the layout, false when it opens an event or something to pass over. */
  opens(bracket: number, depth: number): boolean
  /** Returns why the container that closed held no events, or null. */
  closes(depth: number): string | null
  wantsKey(depth: number): boolean
  key(name: string): void
  /** True when the text that begins here is what the path names. */
  takesText(depth: number): boolean
  comma(depth: number): void
  /** What was captured at `eventDepth` is complete. */
  finished(): void
  /** What of the path lies within the value just read; null where it is an event as it stands. */
  readonly rest: string | null
}

export function layoutFor(unwrap: string | null): Layout {
  return unwrap === null ? new ListLayout() : new ContainerLayout(unwrap)
}

/** Values at the top are events; a list at the top is opened. */
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

/** Containers stand at the top or in a list at the top; the path leads through the objects of each container. */
class ContainerLayout implements Layout {
  readonly #path: readonly string[]
  #containerDepth = 0
  /** How many keys of the path lead to the object that is open. */
  #matched = 0
  /** The value that comes belongs to the next key of the path. */
  #isNext = false
  #found = false
  /** What the path has led to: a list, or one value, whose end is the end of the events. */
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
  /** Depth of the keys in the object that is open. */
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

  /** Any string directly in the object; a value that looks like the key is followed by a comma. */
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
