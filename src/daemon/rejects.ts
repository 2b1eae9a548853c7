/** Writes rejected events as NDJSON before the commit: after a crash one can occur twice, and none is lost. */
import { open } from 'node:fs/promises'
import { messageOf, UserError } from '../errors.ts'
import { openingPath, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'

/** A longer event is cut. */
const MAX_EVENT_CHARS = 64 * 1024

export type RejectWriter = (rejected: readonly EvaluatedEvent[]) => Promise<void>

/**
 * Rejects a file that cannot be appended to before the first event comes: a reject that cannot be written is not
 * acknowledged, and its source would stop.
 * @param file absolute path, or null to write none.
 * @param root absolute path of the project: a path in it must not lead out of it.
 */
export async function openRejectWriter(file: string | null, root: string): Promise<RejectWriter> {
  if (file === null) return async () => {}
  const limits = { folders: [root], mode: PRIVATE_FILE, folderMode: PRIVATE_FOLDER }
  const append = async (text: string) => {
    // The file is opened by its name each time, so that a rotated file gets no more lines.
    const handle = await open(openingPath(file, limits), 'a', PRIVATE_FILE)
    try {
      await handle.appendFile(text)
      // After the commit the event is not read again: the line must survive a power cut as well as the commit does.
      if ((await handle.stat()).isFile()) await handle.datasync()
    } finally {
      await handle.close()
    }
  }
  try {
    await append('')
  } catch (cause) {
    throw new UserError(`cannot write rejected events to ${file}: ${messageOf(cause)}`, {
      code: 'unwritable-rejects',
      hint: 'check its permissions, or name another file as `rejects` in signalbox.yaml',
      cause,
    })
  }
  return (rejected) => append(rejected.map(lineOf).join(''))
}

function lineOf({ envelope, outcome }: EvaluatedEvent): string {
  const { source, position, receivedAt, raw } = envelope
  const reason = outcome.status === 'evaluated' ? outcome.missed : outcome.reason
  const at = new Date(receivedAt).toISOString()
  return `${JSON.stringify({ at, source, place: position, status: outcome.status, reason, raw: raw.slice(0, MAX_EVENT_CHARS) })}\n`
}
