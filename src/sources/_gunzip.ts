/** Decompresses a stream piece by piece: a small input can't fill the memory, and what stands before damage is kept. */
import { createGunzip, type Gunzip } from 'node:zlib'

/** Deflate expands at most about 1,032 times, so one step yields at most 16 MB. */
const STEP_BYTES = 16 * 1024
const OUTPUT_BYTES = 128 * 1024

export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

/** The error that ends the iteration when the data is damaged or cut short. */
export function isDamage(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: OUTPUT_BYTES })
  const out: Buffer[] = []
  gunzip.on('data', (data: Buffer) => out.push(data))
  // The steps below listen too; this one is for the time between them.
  gunzip.on('error', () => {})
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += STEP_BYTES) {
        const failure = await step(gunzip, chunk.subarray(from, from + STEP_BYTES))
        yield* out.splice(0)
        if (failure) throw failure
      }
    }
    const failure = await finish(gunzip)
    yield* out.splice(0)
    if (failure) throw failure
  } finally {
    gunzip.destroy()
  }
}

/** Decompresses when the input begins like gzip, or is said to be. */
export async function* plain(chunks: AsyncIterable<Buffer>, isCompressed: boolean): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 2) {
    const next = await iterator.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  const all = rejoined(head, iterator)
  yield* isCompressed || isGzip(head) ? gunzipped(all) : all
}

async function* rejoined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* { [Symbol.asyncIterator]: () => rest }
}

/** A write that fails tells the stream's error event, not its own callback. */
function step(gunzip: Gunzip, bytes: Buffer): Promise<Error | null> {
  return new Promise((resolve) => {
    gunzip.once('error', resolve)
    gunzip.write(bytes, () => {
      gunzip.off('error', resolve)
      resolve(null)
    })
  })
}

function finish(gunzip: Gunzip): Promise<Error | null> {
  return new Promise((resolve) => {
    gunzip.once('error', resolve)
    gunzip.once('end', () => resolve(null))
    gunzip.end()
  })
}
