/** WORKER THREAD. Finds which of many texts occur in a text, in one pass over it (Aho-Corasick). */

const CODES = 0x10000

export class SubstringAutomaton {
  /** State and code unit -> next state. */
  readonly #next = new Map<number, number>()
  /** What is found in a state, and the next state with a shorter text that ends there as well. */
  readonly #found: (readonly number[])[] = [[]]
  readonly #shorter: number[] = [0]
  readonly #fallback: number[] = [0]

  /** @param texts what is reported where the text occurs. */
  constructor(texts: ReadonlyMap<string, readonly number[]>) {
    for (const [text, found] of texts) this.#add(text, found)
    this.#link()
  }

  /** Calls `report` for each text that occurs. A text that occurs twice is reported twice. */
  search(text: string, report: (found: readonly number[]) => void): void {
    // The empty text occurs in every text.
    if (this.#found[0]!.length > 0) report(this.#found[0]!)
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = this.#step(state, text.charCodeAt(at))
      for (let end = state; end !== 0; end = this.#shorter[end]!) {
        if (this.#found[end]!.length > 0) report(this.#found[end]!)
      }
    }
  }

  #add(text: string, found: readonly number[]): void {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      const edge = state * CODES + text.charCodeAt(at)
      let next = this.#next.get(edge)
      if (next === undefined) {
        next = this.#found.push([]) - 1
        this.#next.set(edge, next)
      }
      state = next
    }
    this.#found[state] = [...this.#found[state]!, ...found]
  }

  /** Edges are in the order in which they were added, so a state comes after the one it is reached from. */
  #link(): void {
    const byDepth = [...this.#next].map(([edge, state]) => ({
      from: Math.floor(edge / CODES),
      code: edge % CODES,
      state,
    }))
    const depths = [0]
    for (const { from, state } of byDepth) depths[state] = depths[from]! + 1
    byDepth.sort((a, b) => depths[a.state]! - depths[b.state]!)
    for (const { from, code, state } of byDepth) {
      const fallback = from === 0 ? 0 : this.#step(this.#fallback[from]!, code)
      this.#fallback[state] = fallback
      this.#shorter[state] = this.#found[fallback]!.length > 0 ? fallback : (this.#shorter[fallback] ?? 0)
    }
  }

  #step(from: number, code: number): number {
    for (let state = from; ; state = this.#fallback[state]!) {
      const next = this.#next.get(state * CODES + code)
      if (next !== undefined) return next
      if (state === 0) return 0
    }
  }
}
