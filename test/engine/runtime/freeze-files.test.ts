/** The interpreter's file system after it was frozen: nothing that writes is left, whatever imports and flags allow. */
import { loadPyodide } from 'pyodide'
import { beforeAll, describe, expect, it } from 'vitest'
import { type FileNode, type FreezableFiles, freezeFiles } from '../../../src/engine/runtime/freeze-files.ts'

/** The calls of Emscripten's file system that would change it. */
interface Files extends FreezableFiles {
  open(path: string, flags: number): object
  write(stream: object, bytes: Uint8Array, offset: number, length: number): number
  readFile(path: string): Uint8Array
  [operation: string]: unknown
}

const FILE = '/home/file'
const O_PATH = 0o10000000
const O_RDWR = 2
let files: Files
let before: readonly string[]
let opened: readonly object[]

/** Names of all operations, of folders, files, links and devices. */
function operationsOf({ root }: FreezableFiles, isLeft: (operation: unknown) => boolean): string[] {
  const { node_ops: folders, contents } = root
  const { dev, home } = contents as Record<string, Required<FileNode>>
  const { file, link } = home!.contents as Record<string, FileNode>
  const { null: device } = dev!.contents as Record<string, FileNode>
  const tables = [folders, root.stream_ops, file, link, device].flatMap((each) =>
    each && 'node_ops' in each ? [each.node_ops, each.stream_ops] : [each],
  )
  return tables.flatMap((table) =>
    Object.entries(table ?? {}).flatMap(([name, operation]) => (isLeft(operation) ? [name] : [])),
  )
}

beforeAll(async () => {
  files = (await loadPyodide()).FS as unknown as Files
  ;(files.writeFile as (path: string, text: string) => void)(FILE, 'as it was')
  ;(files.symlink as (target: string, path: string) => void)(FILE, '/home/link')
  before = [...new Set(operationsOf(files, () => true))].sort()
  opened = [files.open(FILE, O_PATH), files.open(FILE, O_RDWR)]
  freezeFiles(files)
})

describe('[SEC-1.4] a frozen file system', () => {
  it('the file system has only the known operations before it is frozen', () => {
    expect(before).toEqual([
      'getattr',
      'llseek',
      'lookup',
      'mknod',
      'mmap',
      'msync',
      'open',
      'read',
      'readdir',
      'readlink',
      'rename',
      'rmdir',
      'setattr',
      'symlink',
      'unlink',
      'write',
    ])
  })

  it.each<[string, ...unknown[]]>([
    ['writeFile', FILE, 'changed'],
    ['writeFile', '/home/new', 'changed'],
    ['truncate', FILE, 3],
    ['chmod', FILE, 0],
    ['utime', FILE, 0, 0],
    ['rename', FILE, '/home/other'],
    ['unlink', FILE],
    ['mkdir', '/home/folder'],
    ['rmdir', '/tmp'],
    ['symlink', FILE, '/home/another'],
    ['mknod', '/home/node', 0o100666, 0],
  ])('refuses %s of %s', (name, ...args) => {
    expect(() => (files[name] as (...given: unknown[]) => unknown)(...args)).toThrow(
      expect.objectContaining({ errno: 69 }),
    )
  })

  it('refuses to write to what was opened for it before', () => {
    for (const stream of opened) {
      expect(() => files.write(stream, new Uint8Array(9), 0, 9)).toThrow(
        expect.objectContaining({ errno: 69 }),
      )
    }
  })

  it('files of a frozen file system can still be read', () => {
    expect(Buffer.from(files.readFile(FILE)).toString()).toBe('as it was')
    expect((files.readdir as (path: string) => string[])('/home')).toContain('file')
  })

  it('a file system without the expected operations cannot be frozen', () => {
    const root = { node_ops: { lookup: () => {} }, stream_ops: {}, contents: {} }
    expect(() => freezeFiles({ root, ErrnoError: files.ErrnoError })).toThrow('has no setattr, mknod')
  })
})
