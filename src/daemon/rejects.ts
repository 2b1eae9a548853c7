/** Keeps rejected events as NDJSON, appended before the commit: after a crash one may stand twice, none is lost. */
import { open } from 'node:fs/promises'
import { messageOf, UserError } from '../errors.ts'
import { openingPath, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'

/** Characters of an event that are kept. */
const MAX_EVENT_CHARS = 64 * 1024

export type RejectWriter = (rejected: readonly EvaluatedEvent[]) => Promise<void>

/**
 * Refuses a file that can't be appended to before the first event comes: a reject that can't be kept is not
 * acknowledged, and its source would stand still.
 * @param file absolute path, or null to keep none.
 * @param root absolute path of the project: a path in it must not lead out of it.
 */
export async function openRejectWriter(file: string | null, root: string): Promise<RejectWriter> {
  if (file === null) return async () => {}
  const limits = { folders: [root], mode: PRIVATE_FILE, folderMode: PRIVATE_FOLDER }
  const append = async (text: string) => {
    // Opened by its name each time: a file that was rotated away gets nothing more.
    const handle = await open(openingPath(file, limits), 'a', PRIVATE_FILE)
    try {
      await handle.appendFile(text)
      // The store forgets the event when it commits: the line must survive a power cut as well as that commit does.
      if ((await handle.stat()).isFile()) await handle.datasync()
    } finally {
      await handle.close()
    }
  }
  try {
    await append('')
  } catch (cause) {
    throw new UserError(`rejected events can't be kept in ${file}: ${messageOf(cause)}`, {
      hint: '`rejects` in signalbox.yaml names a file',
      cause,
    })
  }
  return (rejected) => append(rejected.map(lineOf).join(''))
}

function lineOf({ envelope, outcome }: EvaluatedEvent): string {
  const { source, place, receivedAt, raw } = envelope
  const reason = outcome.status === 'evaluated' ? outcome.missed : outcome.reason
  const at = new Date(receivedAt).toISOString()
  return `${JSON.stringify({ at, source, place, status: outcome.status, reason, raw: raw.slice(0, MAX_EVENT_CHARS) })}\n`
}
