/** The table of open files is saved completely or not at all. */
import { expect, it } from 'vitest'
import {
  openFilesOf,
  restoreOpenFiles,
  type Stream,
  type StreamTable,
} from '../../../src/engine/runtime/open-files.ts'

const NODES: Record<string, object> = { '/a': {}, '/b': {} }

/** A table of open files in the form of Emscripten, which gives the lowest free number. */
function table(): StreamTable {
  const streams: (Stream | null)[] = ['/in', '/out', '/err'].map((path, fd) => ({
    fd,
    path,
    flags: 0,
    position: 0,
    node: {},
  }))
  return {
    streams,
    open(path, flags) {
      const free = streams.findIndex((stream) => !stream)
      const fd = free < 0 ? streams.length : free
      const stream = { fd, path, flags, position: 0, node: NODES[path]! }
      streams[fd] = stream
      return stream
    },
    close({ fd }) {
      streams[fd!] = null
    },
    lookupPath: (path) => ({ node: NODES[path]! }),
  }
}

it('files get their numbers back, whatever was open before', () => {
  const saved = table()
  const [first, second, third] = ['/a', '/b', '/a'].map((path) => saved.open(path, 0))
  saved.close(second!)
  third!.position = 7
  const files = openFilesOf(saved)!
  expect(files).toEqual([
    { descriptor: first!.fd, path: '/a', flags: 0, position: 0 },
    { descriptor: third!.fd, path: '/a', flags: 0, position: 7 },
  ])
  const other = table()
  other.open('/b', 0)
  restoreOpenFiles(other, files)
  expect(openFilesOf(other)).toEqual(files)
  expect(other.streams[second!.fd!]).toBeNull()
})

it('an open descriptor that is not a file of the file system cannot be saved', () => {
  const files = table()
  files.open('/a', 0)
  files.streams.push({ fd: 4, path: 'pipe:[1]', flags: 0, position: 0, node: {} })
  expect(openFilesOf(files)).toBeNull()
})

it('more open files than a snapshot may hold cannot be saved', () => {
  const files = table()
  for (let i = 0; i < 256; i++) files.open('/a', 0)
  expect(openFilesOf(files)).toHaveLength(256)
  files.open('/a', 0)
  expect(openFilesOf(files)).toBeNull()
})
