/** Reads the event file that the user names. A file in the project may be a link from a pull request, so links are checked. */
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { errorCodeOf, readNamedFile } from '../files/project-file.ts'

const MAX_EVENT_BYTES = 64 * 1024 * 1024

/** @param root is the folder of the project. */
export function readEventFile(root: string, file: string): string {
  const read = readNamedFile(resolve(root), resolve(file), MAX_EVENT_BYTES)
  if ('bytes' in read) return read.bytes.toString('utf8')
  throw new UserError(`cannot read the event file ${file}: it ${read.reason}`, {
    code: errorCodeOf(read, 'unreadable-event-file'),
  })
}
