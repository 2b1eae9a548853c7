/** Emits events in several concurrent batches, limited by a window, which is the back-pressure. */
import type { Settlement } from '../../model/events/event.ts'
import type { EmitOptions, FramedEvent, SourceContext, TextBudget, TextReservation } from '../_source.ts'
import { type Frame, type Position, toFramedEvent } from '../framing/frame.ts'
import { SettleRate } from './settle-rate.ts'

const MAX_BATCH_EVENTS = 200
const MAX_BATCH_CHARS = 1024 * 1024
/** Batches grow from this size, so that a process that is killed repeatedly still commits events. */
const FIRST_BATCH_EVENTS = 10
const MAX_WINDOW_EVENTS = 2_000
const MAX_WINDOW_CHARS = 8 * 1024 * 1024
/** Emitted events cannot be withdrawn when their client stops waiting, so the window is limited by time. */
const MAX_WINDOW_MS = 2_000
/** This number of batches is emitted regardless of time, because fewer would leave workers idle. */
const MIN_WINDOW_BATCHES = 4

export type Batch = readonly FramedEvent[]

/** The emitted events that are not settled. */
export class Window {
  readonly #emit: SourceContext['emit']
  readonly #now: () => number
  readonly #rate: SettleRate
  /** The batches in the order of emission. */
  readonly #inFlight = new Set<{ readonly at: number }>()
  #events = 0
  #chars = 0
  readonly #waiting: (() => void)[] = []
  /** True when a batch had to wait since the last emission. */
  #isFull = false

  constructor({ emit, clock }: Pick<SourceContext, 'emit' | 'clock'>) {
    this.#emit = emit
    this.#now = () => clock.now()
    this.#rate = new SettleRate(this.#now)
  }

  get events(): number {
    return this.#events
  }

  /** Estimates the time for this number of events from measurements. */
  millisecondsFor(events: number): number {
    this.#rate.measure(this.#hasBacklog())
    return this.#rate.millisecondsFor(events)
  }

  hasCapacityFor(batch: Batch): boolean {
    const hasCapacity = this.#fits(batch)
    this.#isFull ||= !hasCapacity
    return hasCapacity
  }

  /** Resolves when a batch was settled. */
  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async emit(batch: Batch, options?: EmitOptions): Promise<readonly Settlement[]> {
    const chars = charsOf(batch)
    this.#rate.measure(this.#hasBacklog())
    this.#isFull = false
    const one = { at: this.#now() }
    this.#inFlight.add(one)
    this.#events += batch.length
    this.#chars += chars
    let settled = 0
    try {
      const settlements = await this.#emit(batch, options)
      settled = batch.length
      return settlements
    } finally {
      this.#rate.measure(this.#hasBacklog(), settled)
      this.#inFlight.delete(one)
      this.#events -= batch.length
      this.#chars -= chars
    }
  }

  #fits(batch: Batch): boolean {
    if (this.#inFlight.size === 0) return true
    if (this.#chars + charsOf(batch) > MAX_WINDOW_CHARS) return false
    if (this.#inFlight.size < MIN_WINDOW_BATCHES) return true
    const events = this.#events + batch.length
    return events <= MAX_WINDOW_EVENTS && this.millisecondsFor(events) <= MAX_WINDOW_MS
  }

  /** Returns true also when everything was emitted, but the oldest batch exceeds the time of the window. */
  #hasBacklog(): boolean {
    const [oldest] = this.#inFlight
    return this.#isFull || (oldest !== undefined && this.#now() - oldest.at > MAX_WINDOW_MS)
  }
}

/** An input that can be read again from a position. */
interface ResumableInput {
  readonly origin: string
  readonly cursorAt: (position: Position) => string
}

/** The window of a source that reads several files at a time. */
export interface SharedWindow {
  readonly window: Window
  /** The name of the file, which precedes the positions in it. */
  readonly place: string
  /** Returns the cursor of the source when this is the cursor of the file. */
  readonly cursorWith: (cursor: string) => string
}

/** The events of one message of a broker. */
export interface Message {
  readonly events: Batch
  /** The cursor after the message. */
  readonly cursor: string
}

type EmitWindowContext = Pick<SourceContext, 'emit' | 'clock' | 'signal'> & {
  /** All partitions of a daemon share it. */
  readonly inFlight?: TextBudget
}

/** Emits the events of a source in order. */
export class EmitWindow {
  readonly #window: Window
  readonly #budget: TextBudget | null
  readonly #failed = new AbortController()
  /** This signal aborts when the source must stop reading: when the daemon drains, or when a batch failed. */
  readonly signal: AbortSignal
  readonly #shared: SharedWindow | null
  readonly #fed = new Set<Promise<unknown>>()
  #batchEvents = FIRST_BATCH_EVENTS
  #failure: { readonly error: unknown } | null = null

  constructor(to: EmitWindowContext, shared: SharedWindow | null = null) {
    this.#shared = shared
    this.#budget = to.inFlight ?? null
    this.#window = shared?.window ?? new Window(to)
    this.signal = AbortSignal.any([to.signal, this.#failed.signal])
  }

  /**
   * Resolves when all batches are emitted; `drain` reports their results. Rejects when a batch has failed.
   * @param input null when the input cannot be read again.
   */
  async feed(frames: readonly Frame[], input: ResumableInput | null): Promise<void> {
    for (let from = 0; from < frames.length; ) {
      const part = batchFrom(frames, from, this.#batchEvents)
      from += part.length
      const batch = part.map((frame) => this.#placed(toFramedEvent(frame, input?.origin ?? null)))
      const cursor = input?.cursorAt(part.at(-1)!.next) ?? null
      this.#batchEvents = Math.min(2 * this.#batchEvents, MAX_BATCH_EVENTS)
      await this.#send(batch, cursor)
    }
  }

  /**
   * Resolves when all messages are emitted. The events of a message are always in one batch, because a cursor is that of a
   * message. Rejects when a batch has failed.
   * @param space was reserved before the messages were read; absent: space is reserved for each batch.
   */
  async feedMessages(messages: readonly Message[], space: TextReservation | null = null): Promise<void> {
    for (let from = 0; from < messages.length; ) {
      const part = messagesFrom(messages, from, this.#batchEvents)
      from += part.length
      this.#batchEvents = Math.min(2 * this.#batchEvents, MAX_BATCH_EVENTS)
      await this.#send(
        part.flatMap(({ events }) => events),
        part.at(-1)!.cursor,
        space,
      )
    }
  }

  /** Waits for capacity, and not for the result. */
  async #send(batch: Batch, cursor: string | null, space: TextReservation | null = null): Promise<void> {
    while (!this.#window.hasCapacityFor(batch) && !this.#failure) {
      await this.#window.released()
    }
    const bytes = charsOf(batch)
    // Without a limit nothing is awaited here, so that the capacity that was just checked is still there.
    const held =
      space?.take(bytes) ?? (this.#budget && (await this.#budget.reserve(bytes, this.#failed.signal)))
    if (this.#failure) {
      held?.release()
      throw this.#failure.error
    }
    const sent: Promise<unknown> = this.#window
      .emit(batch, { cursor: cursor === null ? null : (this.#shared?.cursorWith(cursor) ?? cursor) })
      .catch((error: unknown) => {
        this.#failure ??= { error }
        this.#failed.abort()
      })
      .finally(() => {
        held?.release()
        this.#fed.delete(sent)
        this.#window.wake()
      })
    this.#fed.add(sent)
  }

  #placed(event: FramedEvent): FramedEvent {
    return this.#shared === null ? event : { ...event, position: `${this.#shared.place}: ${event.position}` }
  }

  /** Resolves when no batch is in flight; rejects when a batch has failed. */
  async drain(): Promise<void> {
    await Promise.all(this.#fed)
    if (this.#failure) throw this.#failure.error
  }
}

export function* batchesOf(events: readonly FramedEvent[]): Generator<Batch> {
  for (let from = 0; from < events.length; ) {
    const batch = batchFrom(events, from, MAX_BATCH_EVENTS)
    yield batch
    from += batch.length
  }
}

/** Returns at least one event of any size. */
function batchFrom<T extends { readonly raw: string }>(
  events: readonly T[],
  from: number,
  maxEvents: number,
): readonly T[] {
  let to = from
  for (let chars = 0; to < events.length && to - from < maxEvents; to++) {
    chars += events[to]!.raw.length
    if (chars > MAX_BATCH_CHARS && to > from) break
  }
  return events.slice(from, to)
}

/** Returns at least one message of any size. */
function messagesFrom(messages: readonly Message[], from: number, maxEvents: number): readonly Message[] {
  let to = from
  for (let events = 0, chars = 0; to < messages.length && to - from < maxEvents; to++) {
    const message = messages[to]!
    events += message.events.length
    chars += charsOf(message.events)
    if ((events > maxEvents || chars > MAX_BATCH_CHARS) && to > from) break
  }
  return messages.slice(from, to)
}

function charsOf(batch: Batch): number {
  return batch.reduce((sum, { raw }) => sum + raw.length, 0)
}
