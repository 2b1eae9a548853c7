/** Limits how many requests and bytes are under way. A request beyond the limits gets 429 before its body is read. Pure. */

interface AdmissionLimits {
  readonly requests: number
  readonly bytes: number
}

export interface AdmittedRequest {
  /** Raises the reserved bytes to this number; false if that exceeds a limit. */
  grow(toBytes: number): boolean
  /** Releases the reservation. Later calls have no effect. */
  release(): void
}

/** One client may use only this share of each limit, so that some capacity remains for the others. */
const MAX_SHARE_OF_CLIENT = 0.75

/** The requests and bytes under way, of all clients or of one. */
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

  /** Reserves a request with a body of so many bytes; null if a limit is reached. */
  tryAcquire(client: string, bytes: number): AdmittedRequest | null {
    const clientLoad = this.#clients.get(client) ?? new Load()
    const reserve = (requests: number, more: number): boolean => {
      if (!this.#all.fits(requests, more, this.#limits)) return false
      if (!clientLoad.fits(requests, more, this.#clientLimits)) return false
      this.#all.add(requests, more)
      clientLoad.add(requests, more)
      return true
    }
    if (!reserve(1, bytes)) return null
    this.#clients.set(client, clientLoad)
    let held = bytes
    let isHeld = true
    return {
      grow: (to) => {
        const isReserved = to <= held || reserve(0, to - held)
        if (isReserved) held = Math.max(held, to)
        return isReserved
      },
      release: () => {
        if (!isHeld) return
        isHeld = false
        this.#all.add(-1, -held)
        clientLoad.add(-1, -held)
        if (clientLoad.requests === 0) this.#clients.delete(client)
      },
    }
  }
}
