/**
 * Requests that wait for their turn. Each is handed on as a whole before the next one begins, and the clients take
 * turns, so that some are always answered within a client's patience.
 */
import type { Settlement } from '../../model/events/event.ts'
import type { FramedEvent, SourceContext } from '../_source.ts'
import { type Batch, batchesOf, Window } from './emit-window.ts'

/** What has to wait longer before it is begun is refused: its client would give up first. */
const MAX_WAIT_MS = 10_000
/** A refused client comes back when so much of the queue is left. */
const RETURN_AT_WAIT_MS = 5_000
const MAX_RETRY_AFTER_S = 30
const MAX_REMEMBERED_CLIENTS = 1_000

/** `gone`: the client closed the connection. `refused`: not begun when the queue was closed. */
type RequestResult = readonly Settlement[] | 'gone' | 'refused'

interface Request {
  readonly client: string
  readonly events: number
  readonly batches: Batch[]
  readonly settling: Promise<readonly Settlement[]>[]
  settle(result: RequestResult | Promise<RequestResult>): void
}

export class RequestQueue {
  readonly #window: Window
  readonly #waiting = new Map<string, Request[]>()
  /** Clients in the order of their last turns. */
  readonly #served = new Set<string>()
  /** The request that is being handed on. */
  #current: Request | null = null
  readonly #inFlight = new Set<Promise<unknown>>()

  constructor(to: Pick<SourceContext, 'emit' | 'clock'>) {
    this.#window = new Window(to)
  }

  /** Seconds after which a new request of this client should come back; null when it can come now. */
  retryAfterSeconds(client: string): number | null {
    const waitMs = this.#window.millisecondsFor(this.#eventsBefore(client))
    if (waitMs <= MAX_WAIT_MS) return null
    return Math.min(MAX_RETRY_AFTER_S, Math.ceil((waitMs - RETURN_AT_WAIT_MS) / 1_000))
  }

  /** Rejects when a batch could not be committed; what is not begun then never will be. */
  settle(client: string, events: readonly FramedEvent[], signal: AbortSignal): Promise<RequestResult> {
    if (signal.aborted) return Promise.resolve('gone')
    return new Promise((resolve) => {
      const batches = [...batchesOf(events)]
      const request = { client, events: events.length, batches, settling: [], settle: resolve }
      const leave = () => this.#drop(request, 'gone')
      signal.addEventListener('abort', leave, { once: true })
      const requests = this.#waiting.get(client)
      if (requests) requests.push(request)
      else this.#waiting.set(client, [request])
      this.#handOn()
    })
  }

  /** Refuses what is not begun and resolves when nothing is in flight. */
  async close(): Promise<void> {
    for (const request of [...this.#waiting.values()].flat()) this.#drop(request, 'refused')
    while (this.#current !== null || this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight)
  }

  /** Events that are handed on before those of a new request would be. */
  #eventsBefore(client: string): number {
    const own = this.#waiting.get(client)
    const turns = (own?.length ?? 0) + (this.#served.has(client) ? 1 : 0)
    const rest = this.#current?.batches.reduce((sum, batch) => sum + batch.length, 0) ?? 0
    return [...this.#waiting.values()]
      .flatMap((requests) => (requests === own ? requests : requests.slice(0, turns)))
      .reduce((sum, { events }) => sum + events, this.#window.events + rest)
  }

  #handOn(): void {
    for (;;) {
      this.#current ??= this.#next()
      const request = this.#current
      if (request === null) return
      const [batch] = request.batches
      if (batch === undefined) {
        this.#current = null
        const settlements = Promise.all(request.settling).then((all) => all.flat())
        // A request that was dropped meanwhile has its result.
        settlements.catch(() => {})
        request.settle(settlements)
      } else if (this.#window.hasCapacityFor(batch)) {
        request.batches.shift()
        request.settling.push(this.#emit(batch, request))
      } else return
    }
  }

  #emit(batch: Batch, request: Request): Promise<readonly Settlement[]> {
    const settling = this.#window.emit(batch)
    const ended = settling
      .catch(() => this.#forget(request))
      .finally(() => {
        this.#inFlight.delete(ended)
        this.#handOn()
      })
    this.#inFlight.add(ended)
    return settling
  }

  /** It is the turn of the client whose last turn is the longest ago, or who never had one. */
  #next(): Request | null {
    const clients = [...this.#waiting.keys()]
    const fresh = clients.find((each) => !this.#served.has(each))
    const client = fresh ?? [...this.#served].find((each) => this.#waiting.has(each))
    if (client === undefined) return null
    this.#served.delete(client)
    this.#served.add(client)
    if (this.#served.size > MAX_REMEMBERED_CLIENTS) this.#served.delete(this.#served.values().next().value!)
    const requests = this.#waiting.get(client)!
    const request = requests.shift()!
    if (requests.length === 0) this.#waiting.delete(client)
    return request
  }

  #drop(request: Request, result: 'gone' | 'refused'): void {
    this.#forget(request)
    request.settle(result)
    this.#handOn()
  }

  /** Batches of it that are in flight are settled like all others. */
  #forget(request: Request): void {
    request.batches.length = 0
    const requests = this.#waiting.get(request.client)
    const at = requests?.indexOf(request) ?? -1
    if (at === -1) return
    requests!.splice(at, 1)
    if (requests!.length === 0) this.#waiting.delete(request.client)
  }
}
