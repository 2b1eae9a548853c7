/** How much may be under way at once. Pure bookkeeping: what it refuses is answered 429 before its body is read. */

export interface AdmissionLimits {
  readonly requests: number
  readonly bytes: number
}

/** Of each limit, so that a client that takes all it can leaves something for the others. */
const MAX_SHARE_OF_CLIENT = 0.75

/** What is under way: in all, or of one client. */
class Load {
  requests = 0
  bytes = 0

  hasRoomFor(bytes: number, limits: AdmissionLimits): boolean {
    return this.requests + 1 <= limits.requests && this.bytes + bytes <= limits.bytes
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

  /** Takes a place for a body of so many bytes; null when full. The result gives the place back, once. */
  enter(client: string, bytes: number): (() => void) | null {
    const own = this.#clients.get(client) ?? new Load()
    if (!this.#all.hasRoomFor(bytes, this.#limits) || !own.hasRoomFor(bytes, this.#clientLimits)) return null
    this.#all.add(1, bytes)
    own.add(1, bytes)
    this.#clients.set(client, own)
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#all.add(-1, -bytes)
      own.add(-1, -bytes)
      if (own.requests === 0) this.#clients.delete(client)
    }
  }
}
