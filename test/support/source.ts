/** A source under test: its input is real, and the test decides when the emitted events are settled. */
import { Readable } from 'node:stream'
import { loaderOf } from '../../src/core/catalog.ts'
import type { Settlement } from '../../src/model/events/event.ts'
import { type Log, nullLog } from '../../src/model/ports.ts'
import { SOURCE_TYPES } from '../../src/sources/_catalog.ts'
import type {
  EmitOptions,
  FramedEvent,
  PartitionedSource,
  Source,
  SourceContext,
  SourceType,
} from '../../src/sources/_source.ts'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'
import { manualClock } from './clock.ts'

export function loadSource(scheme: string): Promise<SourceType> {
  return loaderOf(SOURCE_TYPES, scheme)!()
}

async function open(from: string): Promise<Source | PartitionedSource> {
  const spec = parseSourceSpec(from)
  const type = await loadSource(spec.scheme)
  return type.open(spec)
}

export async function openSource(from: string): Promise<Source> {
  const source = await open(from)
  if ('list' in source) throw new Error(`${from} has partitions`)
  return source
}

export async function openPartitionedSource(from: string): Promise<PartitionedSource> {
  const source = await open(from)
  if ('list' in source) return source
  throw new Error(`${from} has no partitions`)
}

export interface Emitted {
  readonly batch: readonly FramedEvent[]
  /** The cursor after the batch. */
  readonly cursor: string | null
  settle(): void
  fail(error: Error): void
}

/** Settles as the pipeline does: events that framing refused are rejected, the others accepted. */
function settlementOf({ refused }: FramedEvent): Settlement {
  return refused === undefined ? { status: 'accepted', matches: 0 } : { status: 'rejected', reason: refused }
}

/** Records what a source emits. While it is held, nothing is settled until the test says so. */
export class Sink {
  readonly emitted: Emitted[] = []
  isHeld = false
  inFlight = 0
  eventsInFlight = 0
  mostEventsInFlight = 0

  emit(batch: readonly FramedEvent[], { cursor = null }: EmitOptions = {}): Promise<readonly Settlement[]> {
    this.inFlight++
    this.eventsInFlight += batch.length
    this.mostEventsInFlight = Math.max(this.mostEventsInFlight, this.eventsInFlight)
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.inFlight--
        this.eventsInFlight -= batch.length
      }
      const one: Emitted = {
        batch,
        cursor,
        settle: () => {
          leave()
          resolve(batch.map(settlementOf))
        },
        fail: (error) => {
          leave()
          reject(error)
        },
      }
      this.emitted.push(one)
      if (!this.isHeld) one.settle()
    })
  }

  get events(): FramedEvent[] {
    return this.emitted.flatMap(({ batch }) => batch)
  }
  get texts(): string[] {
    return this.events.map(({ raw }) => raw)
  }
  get accepted(): string[] {
    return this.events.filter(({ refused }) => refused === undefined).map(({ raw }) => raw)
  }
  get refused(): FramedEvent[] {
    return this.events.filter(({ refused }) => refused !== undefined)
  }
}

export function sourceContext(sink: Sink, more: Partial<SourceContext> = {}): SourceContext {
  return {
    cursor: null,
    commitCursor: () => Promise.resolve(),
    emit: (batch, options) => sink.emit(batch, options),
    signal: new AbortController().signal,
    clock: manualClock(),
    log: nullLog,
    partitions: {
      leaseMs: 10_000,
      read: () => Promise.reject(new Error('this source has no partitions')),
      reportProblem: () => Promise.reject(new Error('this source has no partitions')),
    },
    ingress: { post: () => Promise.reject(new Error('this source needs no HTTP server')) },
    stdin: Readable.from([]),
    limits: { eventBytes: 1000, bodyBytes: 100_000 },
    ...more,
  }
}

export interface Logged {
  readonly level: string
  readonly message: string
}

/** A log that keeps its lines. */
export function recordingLog(): Log & { readonly lines: Logged[] } {
  const lines: Logged[] = []
  const at = (level: string) => (_fields: object, message: string) => void lines.push({ level, message })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
