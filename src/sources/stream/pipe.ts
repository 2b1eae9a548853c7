/** Opens pipes, sockets and devices as streams, because a waiting read of a stream can be aborted. */
import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { isatty, ReadStream as TerminalStream } from 'node:tty'
import { messageOf, UserError } from '../../errors.ts'
import { isMissing, unreadable } from './open-file.ts'

const DESCRIPTOR = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/

/** Returns true when bytes arrive only in order, so that a read cannot begin at a position. */
export async function isPipe(path: string): Promise<boolean> {
  try {
    const stats = await stat(path)
    return !stats.isFile() && !stats.isDirectory() && !stats.isBlockDevice()
  } catch (cause) {
    if (isMissing(cause)) return false
    throw unreadable(path, cause)
  }
}

export function openPipe(path: string): NodeJS.ReadableStream {
  const descriptor = DESCRIPTOR.exec(path)?.[1]
  try {
    // A socket cannot be opened a second time by any path.
    if (descriptor !== undefined && fstatSync(Number(descriptor)).isSocket()) {
      return socketOf(Number(descriptor))
    }
    // A plain open of a named pipe waits for a writer in a pool thread that cannot be interrupted.
    return streamOf(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch (cause) {
    const hint =
      descriptor === undefined ? {} : { hint: `check that this process inherits descriptor ${descriptor}` }
    throw new UserError(`cannot read ${path}: ${messageOf(cause)}`, {
      code: 'unreadable-source',
      ...hint,
      cause,
    })
  }
}

function streamOf(fd: number): NodeJS.ReadableStream {
  const stats = fstatSync(fd)
  if (stats.isFIFO() || stats.isSocket()) return socketOf(fd)
  if (isatty(fd)) return new TerminalStream(fd)
  if (stats.isCharacterDevice()) return createReadStream('', { fd })
  closeSync(fd)
  throw new Error('neither a file nor a pipe')
}

function socketOf(fd: number): NodeJS.ReadableStream {
  return new Socket({ fd, readable: true, writable: false })
}
