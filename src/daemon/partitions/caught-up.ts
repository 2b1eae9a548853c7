/** Knows up to which time everything that the broker had of a partition is committed. */

interface Candidate {
  readonly at: number
  /** The emissions that were under way when the end was reached. */
  readonly waitsFor: Set<object>
}

export class CaughtUp {
  readonly #monotonic: () => number
  readonly #underWay = new Set<object>()
  /** The times of the last two reports. What is reported as the end was answered after the earlier one. */
  #reports: readonly [number, number]
  #candidate: Candidate | null = null
  #at: number | null = null

  /** @param monotonic returns milliseconds that the system's clock does not change. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
    this.#reports = [monotonic(), monotonic()]
  }

  /** How long ago the broker had nothing that is not committed now; null: it is not known. */
  get agoMs(): number | null {
    return this.#at === null ? null : this.#monotonic() - this.#at
  }

  /** @param lag how many messages the broker has behind the last one that was read. */
  report(lag: number): void {
    const [earlier, last] = this.#reports
    this.#reports = [last, this.#monotonic()]
    if (lag > 0 || this.#candidate !== null) return
    this.#candidate = { at: earlier, waitsFor: new Set(this.#underWay) }
    this.#confirm()
  }

  /** Follows an emission until its events are settled. One that fails confirms nothing. */
  async follow<T>(emission: () => Promise<T>): Promise<T> {
    const each = {}
    this.#underWay.add(each)
    const result = await emission()
    this.#underWay.delete(each)
    this.#candidate?.waitsFor.delete(each)
    this.#confirm()
    return result
  }

  #confirm(): void {
    if (this.#candidate === null || this.#candidate.waitsFor.size > 0) return
    this.#at = this.#candidate.at
    this.#candidate = null
  }
}
