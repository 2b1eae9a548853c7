/**
 * WORKER THREAD. Makes the interpreter's file system read-only, below every import and every check of flags. Emscripten
 * keeps the operations of all files in a few tables; only the reading ones stay.
 */
import { Bug } from '../../errors.ts'

type Operations = Record<string, unknown>

export interface FileNode {
  readonly node_ops?: Operations
  readonly stream_ops?: Operations
  /** The nodes in a folder, by name. */
  readonly contents?: unknown
}

export interface FreezableFiles {
  readonly root: FileNode
  readonly ErrnoError: new (code: number) => Error
}

/** The operations that stay. All others are refused, including those of a later version. */
const READING = new Set(['getattr', 'lookup', 'readdir', 'readlink', 'open', 'close', 'read', 'llseek'])
const READ_ONLY_FILE_SYSTEM = 69
/** Every writable file system has these operations, so they must be found in the tables. */
const WRITING = ['setattr', 'mknod', 'rename', 'unlink', 'rmdir', 'symlink', 'write', 'mmap']

export function freezeFiles({ root, ErrnoError }: FreezableFiles): void {
  const refuse = () => {
    throw new ErrnoError(READ_ONLY_FILE_SYSTEM)
  }
  const refused = new Set<string>()
  for (const operations of operationsBelow(root)) {
    for (const name of Object.keys(operations)) {
      if (READING.has(name)) continue
      operations[name] = refuse
      refused.add(name)
    }
    Object.freeze(operations)
  }
  const missing = WRITING.filter((name) => !refused.has(name))
  if (missing.length > 0)
    throw new Bug(`the interpreter's file system has no ${missing.join(', ')} to refuse`)
}

function operationsBelow(root: FileNode): ReadonlySet<Operations> {
  const found = new Set<Operations>()
  const visit = (node: FileNode) => {
    for (const operations of [node.node_ops, node.stream_ops]) if (operations) found.add(operations)
    if (isFolder(node.contents)) for (const inner of Object.values(node.contents)) visit(inner)
  }
  visit(root)
  return found
}

function isFolder(contents: unknown): contents is Record<string, FileNode> {
  return typeof contents === 'object' && contents !== null && !ArrayBuffer.isView(contents)
}
