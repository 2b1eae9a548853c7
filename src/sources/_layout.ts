/** Where in a JSON text the events stand: at the top, in a top-level list, or in the list that `?unwrap=` names. */

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

/** Told of every bracket and key outside events; depths count the brackets open around. */
export interface Layout {
  /** Values at this depth are events; -1 where there are none. */
  readonly eventDepth: number
  /** True when values at `eventDepth` are list elements, parted by commas. */
  readonly inList: boolean
  /** Why the value just read at `eventDepth` is not an event, or null. */
  readonly misfit: string | null
  /** True when the bracket belongs to the layout, false when it opens an event or something to pass over. */
  opens(bracket: number, depth: number): boolean
  /** Returns why the container that closed held no events, or null. */
  closes(depth: number): string | null
  wantsKey(depth: number): boolean
  key(name: string): void
}

export function layoutFor(unwrap: string | null): Layout {
  return unwrap === null ? new ListLayout() : new ContainerLayout(unwrap)
}

/** Values at the top are events; a list at the top is opened. */
class ListLayout implements Layout {
  eventDepth = 0
  readonly misfit = null

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
  wantsKey(): boolean {
    return false
  }
  key(): void {}
}

/** Containers stand at the top or in a list at the top; the events are in each container's list called `name`. */
class ContainerLayout implements Layout {
  readonly #name: string
  #containerDepth = 0
  #key: string | null = null
  #found = false
  eventDepth = 0

  constructor(name: string) {
    this.#name = name
  }

  get inList(): boolean {
    return this.eventDepth > 0
  }
  get misfit(): string | null {
    return this.eventDepth === this.#containerDepth ? this.#reason : null
  }
  get #reason(): string {
    return `no list called "${this.#name}" to unwrap`
  }

  opens(bracket: number, depth: number): boolean {
    if (depth === this.eventDepth) {
      if (depth !== this.#containerDepth) return false
      return bracket === OPEN_BRACE ? this.#openContainer() : this.#openOuterList(depth)
    }
    if (this.eventDepth >= 0 || depth !== this.#containerDepth + 1) return false
    if (bracket !== OPEN_BRACKET || this.#key !== this.#name) return false
    this.#found = true
    this.eventDepth = depth + 1
    return true
  }

  #openContainer(): boolean {
    this.eventDepth = -1
    this.#found = false
    this.#key = null
    return true
  }

  #openOuterList(depth: number): boolean {
    if (depth > 0) return false
    this.#containerDepth = 1
    this.eventDepth = 1
    return true
  }

  closes(depth: number): string | null {
    if (this.eventDepth === this.#containerDepth + 2 && depth === this.#containerDepth + 1) {
      this.eventDepth = -1
      return null
    }
    if (this.eventDepth === -1 && depth === this.#containerDepth) {
      this.eventDepth = depth
      return this.#found ? null : this.#reason
    }
    if (depth === 0) {
      this.#containerDepth = 0
      this.eventDepth = 0
    }
    return null
  }

  /** Any string directly in a container; a value that looks like the key is followed by a comma, not by a list. */
  wantsKey(depth: number): boolean {
    return this.eventDepth === -1 && depth === this.#containerDepth + 1
  }
  key(name: string): void {
    this.#key = name
  }
}
