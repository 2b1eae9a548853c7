/** The right of one run to move the cursor of its source. Every commit of the run compares it with the store. */
import type { CommitAnswer, CursorVersion, HeldCursor } from '../store/store.ts'

export class CursorClaim {
  readonly source: string
  readonly #owner: string
  #version: number
  #isFenced = false
  #hasFailed = false

  constructor({ source, owner, version }: HeldCursor) {
    this.source = source
    this.#owner = owner
    this.#version = version
  }

  get expected(): CursorVersion {
    return { owner: this.#owner, version: this.#version }
  }

  /** True once another run has taken the source: nothing of this run can be committed any more. */
  get isFenced(): boolean {
    return this.#isFenced
  }

  /** True once a commit of the run has failed. No later one may succeed, because the events of this one would be skipped. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  fail(): void {
    this.#hasFailed = true
  }

  /** @param moved says whether the plan of the commit had a cursor. */
  record(answer: CommitAnswer, moved: boolean): void {
    if (answer === 'fenced') this.#isFenced = true
    else if (answer === 'ok' && moved) this.#version++
  }
}
