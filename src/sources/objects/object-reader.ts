/** Reads one object to its end, through failures of the network. The mark that it is done is committed with its last events. */
import type { Clock, Log } from '../../model/ports.ts'
import type { FramedEvent, LeasedPartition, SourceContext } from '../_source.ts'
import { ByteInput } from '../framing/byte-input.ts'
import { type Frame, type Position, START_POSITION } from '../framing/frame.ts'
import { framedStream } from '../framing/framed-stream.ts'
import { Framer } from '../framing/framer.ts'
import { isGzip } from '../framing/gunzip.ts'
import { EmitWindow, Window } from '../stream/emit-window.ts'
import type { BucketPauses } from './bucket-pauses.ts'
import { DONE, decodeObjectCursor, encodeObjectCursor, type ObjectCursor } from './object-cursor.ts'
import type { NamedObject } from './object-notification.ts'
import type { ObjectAnswer, S3Client } from './s3-client.ts'

/** So many requests in a row may fail without that anything was read. */
const MAX_FAILURES = 5

export interface ObjectReaderOptions {
  readonly client: Pick<S3Client, 'get'>
  readonly pauses: BucketPauses
  readonly unwrap: string | null
  /** More decompressed bytes are not read. */
  readonly maxBytes: number
  readonly limits: SourceContext['limits']
  readonly clock: Clock
  readonly log: Log
}

export type ReadResult =
  | { readonly kind: 'done' | 'aborted' }
  | { readonly kind: 'refused' | 'busy'; readonly reason: string }

type Content = Extract<ObjectAnswer, { kind: 'content' }>

export class ObjectReader {
  readonly #object: NamedObject
  readonly #partition: LeasedPartition
  readonly #options: ObjectReaderOptions
  /** The position behind what was emitted; null at the beginning. */
  #cursor: ObjectCursor | null

  constructor(object: NamedObject, partition: LeasedPartition, options: ObjectReaderOptions) {
    this.#object = object
    this.#partition = partition
    this.#options = options
    const { cursor } = partition
    this.#cursor = cursor === null || cursor === DONE ? null : decodeObjectCursor(cursor)
  }

  async read(): Promise<ReadResult> {
    const { pauses, log } = this.#options
    const { signal, name, cursor } = this.#partition
    if (cursor === DONE) return { kind: 'done' }
    for (let failures = 0; ; ) {
      await pauses.wait(this.#object.bucket, signal)
      if (signal.aborted) return { kind: 'aborted' }
      const before = this.#cursor
      const result = await this.#readOnce()
      if (result.kind !== 'busy') return result
      pauses.busy(this.#object.bucket)
      failures = this.#cursor === before ? failures + 1 : 1
      log.warn({ object: name, error: result.reason }, 'an object could not be read to its end')
      if (failures === MAX_FAILURES) return result
    }
  }

  async #readOnce(): Promise<ReadResult> {
    const { client, pauses, clock } = this.#options
    const { emit, signal, name } = this.#partition
    const shared = {
      window: new Window({ emit, clock }),
      place: name,
      cursorWith: (cursor: string) => cursor,
    }
    const window = new EmitWindow({ emit, clock, signal }, shared)
    try {
      const from = this.#cursor === null || this.#cursor.isCompressed ? 0 : this.#cursor.at.offset
      const answer = await client.get(this.#object, from, window.signal)
      if (answer.kind === 'gone') return await this.#reject(answer.reason)
      if (answer.kind !== 'content') return answer
      pauses.answered(this.#object.bucket)
      return await this.#emitContent(answer, window)
    } catch (error) {
      if (signal.aborted) return { kind: 'aborted' }
      throw error
    } finally {
      await window.drain()
    }
  }

  /** The object cannot be read any more, now or later. */
  async #reject(reason: string): Promise<ReadResult> {
    const { emit, name } = this.#partition
    this.#options.log.warn({ object: name, reason }, 'an object is gone before it was read')
    const refused = `the object is gone: ${reason}`
    const event: FramedEvent = { raw: '', refused, position: name, origin: name }
    await emit([event], { cursor: DONE })
    return { kind: 'done' }
  }

  async #emitContent({ from, chunks }: Content, window: EmitWindow): Promise<ReadResult> {
    let failure: string | null = null
    const input = new ByteInput(
      reporting(chunks, (reason) => {
        failure = reason
      }),
    )
    try {
      const isCompressed = from === 0 && (await input.fill(2)) && isGzip(input.bytes)
      const hasEvents = await this.#emitFrames(input, { from, isCompressed }, window)
      if (window.signal.aborted) return { kind: 'aborted' }
      if (!hasEvents) {
        await window.drain()
        await this.#partition.commitCursor(DONE)
      }
      return { kind: 'done' }
    } catch (error) {
      if (failure !== null && !window.signal.aborted) return { kind: 'busy', reason: failure }
      throw error
    } finally {
      await input.close()
    }
  }

  /** Returns false if there were no events. The last ones are held back until the end is known, so that the mark of the end is committed with them. */
  async #emitFrames(
    input: ByteInput,
    { from, isCompressed }: { from: number; isCompressed: boolean },
    window: EmitWindow,
  ): Promise<boolean> {
    const { name } = this.#partition
    const { log } = this.#options
    const at = this.#cursor?.at ?? START_POSITION
    const framed = framedStream(input.rest(), {
      framer: new Framer({ eventBytes: this.#options.limits.eventBytes, unwrap: this.#options.unwrap }, at),
      format: isCompressed ? 'gzip' : 'plain',
      skipBytes: at.offset - from,
      bound: this.#boundFrom(from),
      source: name,
      log,
      signal: window.signal,
    })
    const cursorAt = (position: Position) => encodeObjectCursor({ at: position, isCompressed })
    let held: readonly Frame[] = []
    try {
      for await (const frames of framed) {
        if (frames.length === 0) continue
        const earlier = held
        held = frames
        await this.#feed(earlier, isCompressed, cursorAt, window)
      }
    } catch (error) {
      // A connection that is cut again and again must not prevent progress.
      if (!window.signal.aborted) await this.#feed(held, isCompressed, cursorAt, window)
      throw error
    }
    const last = held.at(-1)
    if (last === undefined || window.signal.aborted) return false
    // Rejects can have the position of the event before them.
    const end = { ...last.next }
    const atEnd = (position: Position) => (position === end ? DONE : cursorAt(position))
    await window.feed([...held.slice(0, -1), { ...last, next: end }], { origin: name, cursorAt: atEnd })
    return true
  }

  async #feed(
    frames: readonly Frame[],
    isCompressed: boolean,
    cursorAt: (position: Position) => string,
    window: EmitWindow,
  ): Promise<void> {
    const last = frames.at(-1)
    if (last === undefined) return
    await window.feed(frames, { origin: this.#partition.name, cursorAt })
    this.#cursor = { at: last.next, isCompressed }
  }

  #boundFrom(from: number): { bytes: number; reason: string } {
    const { maxBytes } = this.#options
    const reason = `the object exceeds ${maxBytes} bytes, and the rest of it is not read`
    return { bytes: Math.max(0, maxBytes - from), reason }
  }
}

async function* reporting(
  chunks: AsyncIterable<Buffer>,
  onFailure: (reason: string) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* chunks
  } catch (error) {
    onFailure(error instanceof Error ? error.message : String(error))
    throw error
  }
}
