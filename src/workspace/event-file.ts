/** Reads the file of one event that the user named. One in the project may have come with a pull request, as a link. */
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { readNamedFile } from '../files/project-file.ts'

const MAX_EVENT_BYTES = 64 * 1024 * 1024

/** @param root of the project. */
export function readEventFile(root: string, file: string): string {
  const read = readNamedFile(resolve(root), resolve(file), MAX_EVENT_BYTES)
  if ('bytes' in read) return read.bytes.toString('utf8')
  throw new UserError(`the event file ${file} cannot be read: it ${read.reason}`)
}
