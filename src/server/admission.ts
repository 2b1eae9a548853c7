/** How much may be under way at once. Pure bookkeeping: what it refuses is answered 429 before its body is read. */

export interface AdmissionLimits {
  readonly requests: number
  readonly bytes: number
}

export class Admission {
  readonly #limits: AdmissionLimits
  #requests = 0
  #bytes = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Takes a place for a body of so many bytes; null when full. The result gives the place back, once. */
  enter(bytes: number): (() => void) | null {
    if (this.#requests + 1 > this.#limits.requests) return null
    if (this.#bytes + bytes > this.#limits.bytes) return null
    this.#requests++
    this.#bytes += bytes
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#requests--
      this.#bytes -= bytes
    }
  }
}
