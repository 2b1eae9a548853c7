/**
 * Holds received events until they are emitted. Syslog has no acknowledgement: a sender that can wait is made to wait,
 * what another sends is dropped when the queue is full, and every dropped event is counted and logged.
 */
import { messageOf } from '../../errors.ts'
import type { FramedEvent, SourceContext } from '../_source.ts'
import { batchesOf, Window } from '../stream/emit-window.ts'

const MAX_EVENTS = 10_000
const MAX_CHARS = 16 * 1024 * 1024
const MAX_RETRY_DELAY_MS = 10_000

export class MessageQueue {
  readonly #context: Pick<SourceContext, 'emit' | 'clock' | 'log' | 'signal'>
  readonly #window: Window
  readonly #name: string
  #events: FramedEvent[] = []
  #chars = 0
  readonly #waiting: (() => void)[] = []
  readonly #inFlight = new Set<Promise<void>>()
  /** The events that were dropped and not reported yet. */
  #dropped = 0
  #failures = 0

  constructor(context: Pick<SourceContext, 'emit' | 'clock' | 'log' | 'signal'>, name: string) {
    this.#context = context
    this.#name = name
    this.#window = new Window(context)
    context.signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  /** Adds events, or drops them when the queue is full. */
  offer(events: readonly FramedEvent[]): void {
    if (this.#isFull) this.#dropped += events.length
    else this.#add(events)
  }

  /** Adds events, also to a full queue: call `hasCapacity` first. */
  put(events: readonly FramedEvent[]): void {
    this.#add(events)
  }

  /** Resolves when the queue can take more. */
  async hasCapacity(): Promise<void> {
    while (this.#isFull && !this.#context.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Logs how many events were dropped since the last call. */
  reportDropped(): void {
    if (this.#dropped === 0) return
    const { log } = this.#context
    log.error({ source: this.#name, dropped: this.#dropped }, 'messages were dropped: the queue is full')
    this.#dropped = 0
  }

  /** Emits what is left and resolves when nothing is in flight. */
  async close(): Promise<void> {
    while (this.#events.length > 0 || this.#inFlight.size > 0) {
      this.#emitNext()
      await Promise.all(this.#inFlight)
    }
    this.reportDropped()
  }

  get #isFull(): boolean {
    return this.#events.length >= MAX_EVENTS || this.#chars >= MAX_CHARS
  }

  #add(events: readonly FramedEvent[]): void {
    for (const event of events) {
      this.#events.push(event)
      this.#chars += event.raw.length
    }
    this.#emitNext()
  }

  #emitNext(): void {
    for (;;) {
      const [batch] = batchesOf(this.#events)
      if (batch === undefined || !this.#window.hasCapacityFor(batch)) return
      this.#events = this.#events.slice(batch.length)
      for (const { raw } of batch) this.#chars -= raw.length
      const sent: Promise<void> = this.#emit(batch).finally(() => {
        this.#inFlight.delete(sent)
        this.#emitNext()
        if (!this.#isFull) this.#wake()
      })
      this.#inFlight.add(sent)
    }
  }

  /** Repeats what could not be committed, because the sender cannot; only the end of the program drops it. */
  async #emit(batch: readonly FramedEvent[]): Promise<void> {
    const { clock, log, signal } = this.#context
    for (;;) {
      try {
        await this.#window.emit(batch)
        this.#failures = 0
        return
      } catch (error) {
        const waitMs = Math.min(MAX_RETRY_DELAY_MS, 500 * 2 ** this.#failures++)
        const fields = { source: this.#name, error: messageOf(error), events: batch.length }
        if (signal.aborted) return log.error(fields, 'received events could not be committed and are lost')
        log.error({ ...fields, waitMs }, 'received events could not be committed; trying again')
        await clock.sleep(waitMs, signal)
      }
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
