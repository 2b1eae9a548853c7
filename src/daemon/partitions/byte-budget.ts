/** Limits the bytes of raw text that all partitions of a daemon have in flight. Partitions that wait get space in turn. */

import type { TextBudget, TextReservation } from '../../sources/_source.ts'

interface Waiting {
  readonly bytes: number
  readonly end: (isGranted: boolean) => void
}

export class ByteBudget implements TextBudget {
  readonly #limit: number
  #used = 0
  /** The first one waits longest. A partition asks for the next space when it has used the last one. */
  readonly #waiting = new Set<Waiting>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get used(): number {
    return this.#used
  }

  async reserve(bytes: number, signal: AbortSignal): Promise<TextReservation> {
    if (signal.aborted || bytes === 0) return this.#reservation(0)
    if (this.#waiting.size === 0 && this.#fits(bytes)) return this.#reservation(bytes)
    return (await this.#turn(bytes, signal)) ? this.#granted(bytes) : this.#granted(0)
  }

  /** Resolves with false if the signal aborts before there is space. */
  #turn(bytes: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const onAbort = () => {
        waiting.end(false)
        this.#grant()
      }
      const waiting: Waiting = {
        bytes,
        end: (isGranted) => {
          signal.removeEventListener('abort', onAbort)
          this.#waiting.delete(waiting)
          resolve(isGranted)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
    })
  }

  #reservation(bytes: number): TextReservation {
    this.#used += bytes
    return this.#granted(bytes)
  }

  #granted(bytes: number): TextReservation {
    let left = bytes
    return {
      take: (wanted) => {
        const moved = Math.min(wanted, left)
        left -= moved
        this.#used -= moved
        return this.#reservation(wanted)
      },
      release: () => {
        this.#used -= left
        left = 0
        this.#grant()
      },
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit
  }

  /** The bytes are counted here, so that two partitions do not get the same space. */
  #grant(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) return
      this.#used += waiting.bytes
      waiting.end(true)
    }
  }
}
