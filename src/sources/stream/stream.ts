/** Reads a stream to its end: standard input or a pipe. It cannot be read twice, so it has no cursor. */
import { isError, messageOf, UserError } from '../../errors.ts'
import type { SourceContext, SourceSpec } from '../_source.ts'
import { START_POSITION, toFramedEvent } from '../framing/frame.ts'
import { framedStream } from '../framing/framed-stream.ts'
import { Framer } from '../framing/framer.ts'
import { EmitWindow } from './emit-window.ts'

/**
 * @param name for people.
 * @param open must not wait: a read that waits ends when its stream is destroyed, an open does not.
 */
export async function readStream(
  name: string,
  open: () => NodeJS.ReadableStream,
  spec: SourceSpec,
  context: SourceContext,
): Promise<void> {
  try {
    await context.commitCursor(null)
    await read(open(), spec, context)
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    // A second run would seem to read to the end, and the loss would go unseen.
    throw new UserError(`${name} was read only in part: ${messageOf(cause)}`, {
      hint: 'what was not taken can not be read again; a file: source goes on where it stopped',
      cause,
    })
  }
}

async function read(stream: NodeJS.ReadableStream, spec: SourceSpec, context: SourceContext): Promise<void> {
  const { log, limits } = context
  const framer = new Framer({ eventBytes: limits.eventBytes, unwrap: spec.unwrap }, START_POSITION)
  const window = new EmitWindow(context)
  const { signal } = window
  const stop = destroyOnAbort(stream, signal)
  const options = { framer, format: 'unknown', skipBytes: 0, source: spec.name, log, signal } as const
  try {
    for await (const frames of framedStream(bytesOf(stream), options)) {
      await window.feed(frames.map((frame) => toFramedEvent(frame, null)))
    }
  } catch (cause) {
    if (!signal.aborted) throw cause
  } finally {
    stop()
    await window.drain()
  }
}

async function* bytesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

/** A read that waits for input ends only with its stream. */
function destroyOnAbort(stream: NodeJS.ReadableStream, signal: AbortSignal): () => void {
  const destroy = () => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
  }
  if (signal.aborted) destroy()
  signal.addEventListener('abort', destroy)
  return () => signal.removeEventListener('abort', destroy)
}
