/** How much may be under way at once. Pure bookkeeping: what it refuses is answered 429 before its body is read. */

interface AdmissionLimits {
  readonly requests: number
  readonly bytes: number
}

export interface AdmittedRequest {
  /** Asks for so many bytes in all; false when there is no room for them. */
  grow(toBytes: number): boolean
  /** Gives the place back, once. */
  release(): void
}

/** Of each limit, so that a client that takes all it can leaves something for the others. */
const MAX_SHARE_OF_CLIENT = 0.75

/** What is under way: in all, or of one client. */
class Load {
  requests = 0
  bytes = 0

  fits(requests: number, bytes: number, limits: AdmissionLimits): boolean {
    return this.requests + requests <= limits.requests && this.bytes + bytes <= limits.bytes
  }

  add(requests: number, bytes: number): void {
    this.requests += requests
    this.bytes += bytes
  }
}

export class Admission {
  readonly #limits: AdmissionLimits
  readonly #clientLimits: AdmissionLimits
  readonly #all = new Load()
  readonly #clients = new Map<string, Load>()

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
    this.#clientLimits = {
      requests: Math.ceil(limits.requests * MAX_SHARE_OF_CLIENT),
      bytes: limits.bytes * MAX_SHARE_OF_CLIENT,
    }
  }

  /** Takes a place for a body of so many bytes; null when full. */
  tryAcquire(client: string, bytes: number): AdmittedRequest | null {
    const own = this.#clients.get(client) ?? new Load()
    const take = (requests: number, more: number): boolean => {
      if (!this.#all.fits(requests, more, this.#limits)) return false
      if (!own.fits(requests, more, this.#clientLimits)) return false
      this.#all.add(requests, more)
      own.add(requests, more)
      return true
    }
    if (!take(1, bytes)) return null
    this.#clients.set(client, own)
    let held = bytes
    let isInside = true
    return {
      grow: (to) => {
        const isTaken = to <= held || take(0, to - held)
        if (isTaken) held = Math.max(held, to)
        return isTaken
      },
      release: () => {
        if (!isInside) return
        isInside = false
        this.#all.add(-1, -held)
        own.add(-1, -held)
        if (own.requests === 0) this.#clients.delete(client)
      },
    }
  }
}
