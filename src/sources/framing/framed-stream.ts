/** Frames a plain or compressed stream that is read to its end: corruption becomes a reject among the events. */
import type { Log } from '../../model/ports.ts'
import { ByteInput } from './byte-input.ts'
import type { Frame } from './frame.ts'
import type { Framer } from './framer.ts'
import { type Corruption, gunzipped, isGzip } from './gunzip.ts'

interface FramedStreamOptions {
  readonly framer: Framer
  /** With `unknown` the first bytes decide. */
  readonly format: 'gzip' | 'plain' | 'unknown'
  /** The number of decompressed bytes that an earlier run has read. */
  readonly skipBytes: number
  /** After so many decompressed bytes, those to skip included, the rest is rejected for the reason. */
  readonly bound?: { readonly bytes: number; readonly reason: string }
  readonly source: string
  readonly log: Log
  readonly signal: AbortSignal
}

/** When the signal aborts, the stream ends early without an unfinished event. */
export async function* framedStream(
  chunks: AsyncIterable<Buffer>,
  { framer, format, skipBytes, bound, source, log, signal }: FramedStreamOptions,
): AsyncGenerator<readonly Frame[]> {
  let skip = skipBytes
  let left = bound?.bytes ?? Number.POSITIVE_INFINITY
  for await (const part of decompressed(chunks, format)) {
    if (signal.aborted) return
    if (Buffer.isBuffer(part)) {
      const within = part.length > left ? part.subarray(0, left) : part
      if (skip < within.length) yield framer.push(within.subarray(skip))
      if (within !== part) return yield framer.abort(bound!.reason)
      skip = Math.max(0, skip - part.length)
      left -= part.length
      continue
    }
    // The earlier run has reported corruption before its position.
    if (skip > 0 && !part.isFinal) continue
    const reason = `the gzip data is corrupt: ${part.damage}`
    log.error({ source, error: part.damage }, 'the compressed data is corrupt or truncated')
    if (part.isFinal) return yield framer.abort(reason)
    yield [framer.refusal(reason)]
  }
  if (!signal.aborted) yield framer.end()
}

async function* decompressed(
  chunks: AsyncIterable<Buffer>,
  format: FramedStreamOptions['format'],
): AsyncGenerator<Buffer | Corruption> {
  if (format === 'plain') return yield* chunks
  if (format === 'gzip') return yield* gunzipped(chunks)
  const input = new ByteInput(chunks)
  const isStream = (await input.fill(2)) && isGzip(input.bytes)
  yield* isStream ? gunzipped(input.rest()) : input.rest()
}
