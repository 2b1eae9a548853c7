/** Standard input until its end. It can't be read twice, so it has no cursor. */
import { isError, messageOf, UserError } from '../errors.ts'
import { Framer } from './_framer.ts'
import { isDamage, plain } from './_gunzip.ts'
import { framed, type Piece, START } from './_piece.ts'
import type { SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_spec.ts'
import { EmitWindow } from './_window.ts'

export default {
  scheme: 'stdin',
  summary: 'standard input, until its end',
  open(spec) {
    refuseUnknownOptions(spec, [])
    if (spec.target !== '') {
      throw new UserError(`${spec.name}: stdin takes no target`, { hint: 'write stdin, or file:PATH' })
    }
    return { ends: true, run: (context) => runOnce(spec, context) }
  },
} satisfies SourceType

/** What failed can't be tried again: the input would seem to have ended, and the loss would go unseen. */
async function runOnce(spec: SourceSpec, context: SourceContext): Promise<void> {
  try {
    await context.begin(null)
    await run(spec, context)
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`standard input was read only in part: ${messageOf(cause)}`, {
      hint: 'what was not taken can not be read again; a file: source goes on where it stopped',
      cause,
    })
  }
}

async function run(spec: SourceSpec, context: SourceContext): Promise<void> {
  const { log, limits } = context
  const framer = new Framer({ eventBytes: limits.eventBytes, unwrap: spec.unwrap }, START)
  const window = new EmitWindow(context)
  const { signal } = window
  const feed = (pieces: readonly Piece[]) => window.feed(pieces.map((piece) => framed(piece, null)))
  const stop = stopOnAbort(context.stdin, signal)
  try {
    for await (const chunk of plain(bytesOf(context.stdin), false)) {
      await feed(framer.push(chunk))
      if (signal.aborted) break
    }
    if (!signal.aborted) await feed(framer.end())
  } catch (cause) {
    if (isDamage(cause)) {
      log.error({ source: spec.name, error: cause }, 'the compressed input is damaged')
      await feed(framer.breakOff(`the gzip data is damaged: ${messageOf(cause)}`))
    } else if (!signal.aborted) throw cause
  } finally {
    stop()
    await window.drain()
  }
}

async function* bytesOf(stdin: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  for await (const chunk of stdin) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

/** A read that waits for input ends only with its stream. */
function stopOnAbort(stdin: NodeJS.ReadableStream, signal: AbortSignal): () => void {
  const destroy = () => {
    if ('destroy' in stdin && typeof stdin.destroy === 'function') stdin.destroy()
  }
  if (signal.aborted) destroy()
  signal.addEventListener('abort', destroy)
  return () => signal.removeEventListener('abort', destroy)
}
