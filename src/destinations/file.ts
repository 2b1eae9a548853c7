/** Appends each alert as one JSON line to a file. The next line ends an incomplete one. */
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isError, messageOf } from '../errors.ts'
import { openingPath, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import { type AttemptOutcomes, defineDestination } from './_destination.ts'
import { deliveryLine } from './parts/delivery-line.ts'
import { attemptFailure } from './parts/direct/attempt-failure.ts'

interface FileOptions {
  readonly path: string
  readonly fsync?: boolean
}

const hasCode = (codes: readonly string[]) => (error: unknown) => codes.includes(codeOf(error))

const OUTCOMES: AttemptOutcomes = {
  delivered: 'written, and on disk with `fsync`',
  faults: [
    {
      fault: 'no permission, or a file system that can only be read',
      effect: 'pause',
      matches: hasCode(['EACCES', 'EPERM', 'EROFS']),
    },
    {
      fault: 'a folder has the name of the file, or a file that of a folder; a name that is too long',
      effect: 'pause',
      matches: hasCode(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG']),
    },
    {
      fault: 'the path leads out of the project by a link',
      effect: 'pause',
      matches: (error) => codeOf(error) === 'ELOOP' || isError(error, 'user'),
    },
  ],
  retried: 'a full disk, too many open files, a fault of the disk, and anything else',
}

export default defineDestination<FileOptions, { line: string }>({
  type: 'file',
  summary: 'one JSON line per alert, appended to a file',
  templates: [],
  digest: 'json',
  options: {
    type: 'object',
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        examples: ['alerts.ndjson'],
        description: 'File to append to; relative paths start at the project. Missing folders are created.',
      },
      fsync: {
        type: 'boolean',
        default: true,
        description: 'Wait until the line is on disk before the delivery counts as done.',
      },
    },
    additionalProperties: false,
  },
  outcomes: OUTCOMES,
  payload: (message) => ({ line: deliveryLine(message) }),
  async send({ line }, { path, fsync = true }, { projectRoot }) {
    const file = resolve(projectRoot, path)
    try {
      const limits = { folders: [projectRoot], mode: PRIVATE_FILE, folderMode: PRIVATE_FOLDER }
      const handle = await open(openingPath(file, limits), 'a+', PRIVATE_FILE)
      try {
        await append(handle, line, fsync)
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw attemptFailure(OUTCOMES.faults, error, `${path}: ${codeOf(error) || messageOf(error)}`)
    }
    return { message: `appended to ${path}` }
  },
})

/** Appends with one `write` call, so that lines of concurrent writers never mix. */
async function append(handle: FileHandle, line: string, fsync: boolean): Promise<void> {
  const stat = await handle.stat()
  const isIncomplete = stat.isFile() && stat.size > 0 && !(await endsWithNewline(handle, stat.size))
  const bytes = Buffer.from(`${isIncomplete ? '\n' : ''}${line}\n`)
  const { bytesWritten } = await handle.write(bytes)
  if (bytesWritten < bytes.length) throw new Error('the line was written incompletely')
  if (fsync && stat.isFile()) await handle.datasync()
}

async function endsWithNewline(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === 0x0a
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
