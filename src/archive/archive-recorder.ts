/** Decides which events of a daemon are recorded, masks them, and passes them to the writer. */

import { randomBytes } from 'node:crypto'
import { createMasker, type Masker, type MaskRules } from '../masking/masker.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Log } from '../model/ports.ts'
import type { ArchiveKeys } from './archive-keys.ts'
import { ArchiveWriter } from './archive-writer.ts'

export interface RecordingOptions {
  /** An absolute path. */
  readonly folder: string
  readonly keys: ArchiveKeys | null
  /** The shares by log type; `*`: all others. Without an entry all events are recorded. */
  readonly shares: ReadonlyMap<string, number>
  /** The maximum number of events of a log type in one second; null: no maximum. */
  readonly maxPerSecond: number | null
  /** null: events are recorded as they are. */
  readonly mask: MaskRules | null
  readonly maxAgeMs: number | null
  readonly maxBytes: number | null
}

interface TypeCount {
  events: number
  second: number
  inSecond: number
}

const UNKNOWN_TYPE = ''

export class ArchiveRecorder {
  readonly #options: RecordingOptions
  readonly #writer: ArchiveWriter
  readonly #masker: Masker | null
  readonly #counts = new Map<string, TypeCount>()
  readonly #log: Log
  #missed = 0

  constructor(options: RecordingOptions, now: () => number, log: Log) {
    this.#options = options
    this.#log = log
    // With a key file, pseudonyms stay the same after a restart.
    const key = options.keys?.newest.key ?? randomBytes(32)
    this.#masker = options.mask === null ? null : createMasker(options.mask, key)
    this.#writer = new ArchiveWriter({
      ...options,
      now,
      onFailure: (error, events) => {
        const reason = error instanceof Error ? error.message : String(error)
        log.error({ folder: options.folder, events, error: reason }, 'events could not be recorded')
      },
    })
  }

  /** Events that were rejected are in the rejects file. */
  record(events: readonly EvaluatedEvent[]): void {
    for (const { envelope, outcome } of events) {
      if (outcome.status === 'rejected') continue
      const { source, kind, receivedAt, raw, timeField = null } = envelope
      const type = envelope.type ?? null
      if (!this.#isChosen(type ?? typeIn(raw), receivedAt)) continue
      const text = this.#masker === null ? raw : this.#masker(raw)
      if (!this.#writer.add({ receivedAt, source, kind, type, timeField, raw: text })) this.#miss()
    }
  }

  async close(): Promise<void> {
    await this.#writer.close()
    if (this.#missed > 0)
      this.#log.warn({ events: this.#missed }, 'events were not recorded, because the disk was too slow')
  }

  #miss(): void {
    if (this.#missed++ === 0)
      this.#log.warn(
        {},
        'events are not recorded, because the disk is too slow; the end of the run says how many',
      )
  }

  /** A sample is spread evenly over the events of a log type. */
  #isChosen(type: string, at: number): boolean {
    const { shares, maxPerSecond } = this.#options
    const key = shares.has(type) ? type : UNKNOWN_TYPE
    const counted = maxPerSecond === null ? key : type
    const count = this.#counts.get(counted) ?? { events: 0, second: 0, inSecond: 0 }
    this.#counts.set(counted, count)
    const share = shares.get(type) ?? shares.get('*') ?? 1
    count.events++
    if (Math.floor(count.events * share) === Math.floor((count.events - 1) * share)) return false
    if (maxPerSecond === null) return true
    const second = Math.floor(at / 1_000)
    if (second !== count.second) Object.assign(count, { second, inSecond: 0 })
    return count.inSecond++ < maxPerSecond
  }
}

/** The log type that the text names, or an empty text. A name inside of another object is taken for it as well. */
function typeIn(raw: string): string {
  return /"p_log_type"\s*:\s*"([^"\\]+)"/.exec(raw)?.[1] ?? UNKNOWN_TYPE
}
