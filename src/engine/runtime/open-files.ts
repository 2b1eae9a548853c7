/**
 * WORKER THREAD. Saves and restores the table of open files. Emscripten keeps it outside of the interpreter's memory, while
 * Python's memory refers to open files by number, so the table is restored before any code of a restored interpreter runs.
 */
import { Bug } from '../../errors.ts'
import type { OpenFile } from '../protocol/interpreter-start.ts'
import type { LookupOptions } from './imports/host-random.ts'

/** An entry of the table. */
export interface Stream {
  fd: number | null
  readonly path?: string
  readonly flags: number
  position: number
  readonly node: object
}

/** The part of Emscripten's file system that is used here. */
export interface StreamTable {
  readonly streams: (Stream | null | undefined)[]
  open(path: string, flags: number): Stream
  close(stream: Stream): void
  lookupPath(path: string, options: LookupOptions): { readonly node?: object }
}

/** The number of standard streams, which every interpreter has and no detection can close. */
const STANDARD_STREAMS = 3
const MAX_OPEN_FILES = 256

/** Returns null if the table cannot be saved: something other than a file is open, or too many files are. */
export function openFilesOf(FS: StreamTable): readonly OpenFile[] | null {
  const open = FS.streams.flatMap((stream, descriptor) =>
    stream && descriptor >= STANDARD_STREAMS ? [{ descriptor, stream }] : [],
  )
  if (open.length > MAX_OPEN_FILES) return null
  const files = open.map(({ descriptor, stream: { path = '', flags, position } }) => ({
    descriptor,
    path,
    flags,
    position,
  }))
  return open.every(({ stream }) => isFile(FS, stream)) ? files : null
}

/** Closes all open files, and opens these under their numbers. */
export function restoreOpenFiles(FS: StreamTable, files: readonly OpenFile[]): void {
  for (const stream of FS.streams.slice(STANDARD_STREAMS)) if (stream) FS.close(stream)
  const opened = files.map((file) => ({ file, stream: FS.open(file.path, file.flags) }))
  for (const { stream } of opened) FS.streams[stream.fd!] = null
  for (const { file, stream } of opened) {
    if (FS.streams[file.descriptor]) throw new Bug('two open files of a snapshot have one number')
    stream.fd = file.descriptor
    stream.position = file.position
    FS.streams[file.descriptor] = stream
  }
}

function isFile(FS: StreamTable, { path = '', node }: Stream): boolean {
  return FS.lookupPath(path, { follow: false, noent_okay: true }).node === node
}
