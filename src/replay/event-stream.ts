/** Reads the files of one argument of a replay and makes envelopes of their events, in batches. */
import type { ArchiveKeys } from '../archive/archive-keys.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Log } from '../model/ports.ts'
import type { InputFile, InputStream } from './input-files.ts'
import { type RecordedEvent, readEventFile } from './recorded-file.ts'
import { findTimeField } from './time-field.ts'

const BATCH_EVENTS = 500
const BATCH_CHARS = 4 * 1024 * 1024

export interface StreamContext {
  readonly eventBytes: number
  readonly keys: ArchiveKeys | null
  /** The share of the events that is read; 1: all. */
  readonly sample: number
  /** The number of events that an earlier run has committed. */
  readonly skip: number
  readonly nextSeq: () => number
  readonly onBytes: (bytes: number) => void
  readonly log: Log
  readonly signal: AbortSignal
}

export interface EnvelopeBatch {
  readonly events: readonly Envelope[]
  /** The number of events of the stream up to each event, itself included. */
  readonly counts: readonly number[]
}

export async function* envelopesOf(
  { options, files }: InputStream,
  context: StreamContext,
): AsyncGenerator<EnvelopeBatch> {
  let timeField = options.timeField
  let count = 0
  let batch = newBatch()
  for (const file of files) {
    const reading = { ...context, path: file.path, unwrap: options.unwrap }
    for await (const events of readEventFile(reading)) {
      for (const event of events) {
        count++
        if (!isSampled(count, context.sample)) continue
        // Events that are skipped decide about the field, too, so that a replay that is resumed uses the same one.
        if (event.archived === undefined) timeField ??= findTimeField(event.framed.raw)
        const seq = context.nextSeq()
        if (count <= context.skip) continue
        batch.events.push(envelopeOf(event, file, { ...options, timeField }, seq))
        batch.counts.push(count)
        batch.chars += event.framed.raw.length
        if (batch.events.length < BATCH_EVENTS && batch.chars < BATCH_CHARS) continue
        yield batch
        batch = newBatch()
      }
    }
  }
  if (batch.events.length > 0) yield batch
}

function newBatch() {
  return { events: [] as Envelope[], counts: [] as number[], chars: 0 }
}

/** The sample is spread evenly and is the same in each run. */
function isSampled(count: number, share: number): boolean {
  return Math.floor(count * share) > Math.floor((count - 1) * share)
}

function envelopeOf(
  { framed, archived }: RecordedEvent,
  file: InputFile,
  { name, kind, type, timeField }: InputStream['options'],
  seq: number,
): Envelope {
  if (archived === undefined) {
    const given = { source: name, kind, type, receivedAt: file.changedAt }
    return { ...framed, ...given, seq, ...(timeField !== null && { timeField }) }
  }
  // An archive contains events of several types, whose times are in different fields.
  const field = archived.timeField ?? timeField ?? findTimeField(framed.raw)
  const { source, receivedAt } = archived
  const given = { source, kind: archived.kind, type: archived.type ?? type, receivedAt }
  return { ...framed, ...given, seq, ...(field !== null && { timeField: field }) }
}
