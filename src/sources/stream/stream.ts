/** Reads standard input or a pipe to its end. A stream cannot be read twice, so it has no cursor. */
import { isError, messageOf, UserError } from '../../errors.ts'
import type { SourceContext, SourceSpec } from '../_source.ts'
import { START_POSITION } from '../framing/frame.ts'
import { framedStream } from '../framing/framed-stream.ts'
import { Framer } from '../framing/framer.ts'
import { EmitWindow } from './emit-window.ts'

/**
 * @param name is the name in messages.
 * @param open must not wait: destroying a stream ends a waiting read, but not a waiting open.
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
    // A second run would seem to read to the end and hide the loss.
    throw new UserError(`${name} was read only in part: ${messageOf(cause)}`, {
      code: 'incomplete-source',
      hint: 'use a file: source, which resumes where it stopped; the rest of a stream cannot be read again',
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
      await window.feed(frames, null)
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

/** Destroys the stream at the abort, because a waiting read ends only with its stream. */
function destroyOnAbort(stream: NodeJS.ReadableStream, signal: AbortSignal): () => void {
  const destroy = () => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
  }
  if (signal.aborted) destroy()
  signal.addEventListener('abort', destroy)
  return () => signal.removeEventListener('abort', destroy)
}
