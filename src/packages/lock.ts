/** The lock: which wheels a project uses, by hash. It names no index, so that any mirror can restore it. */
import { basename } from 'node:path'
import { UserError } from '../errors.ts'
import { errorCodeOf, readProjectFile } from '../files/project-file.ts'

export interface LockedPackage {
  /** Normalised. */
  readonly name: string
  readonly version: string
  /** Name of the wheel. */
  readonly file: string
  /** The hash of the wheel. */
  readonly sha256: string
  /** Folder of its files about itself, and the sha256 of the RECORD in it: what was unpacked can be checked without the wheel. */
  readonly info: string
  readonly record: string
}

export interface Lock {
  /** The requirements as the user wrote them: `NAME`, `NAME==VERSION`. */
  readonly requested: readonly string[]
  readonly packages: readonly LockedPackage[]
}

const EMPTY: Lock = { requested: [], packages: [] }
const VERSION = 1

const MAX_LOCK_BYTES = 8 * 1024 * 1024

/**
 * @param path where there is no file nothing is locked.
 * @param root the project in which the file lies.
 */
export function readLock(path: string, root: string): Lock {
  const read = readProjectFile(path, { folders: [root], maxBytes: MAX_LOCK_BYTES })
  if (!('bytes' in read)) {
    if (read.code === 'missing-file') return EMPTY
    throw new UserError(`the file ${basename(path)} ${read.reason}`, {
      code: errorCodeOf(read, 'invalid-lock'),
    })
  }
  const lock = parse(path, read.bytes.toString('utf8'))
  const { version, requested, packages } = lock as Record<string, unknown>
  if (version !== VERSION || !areTexts(requested) || !Array.isArray(packages) || !packages.every(isLocked)) {
    throw new UserError(`${basename(path)} is not a lock of Python packages`, {
      code: 'invalid-lock',
      hint: 'restore it from version control, or remove it and add the packages again',
    })
  }
  return { requested, packages }
}

export function lockText({ requested, packages }: Lock): string {
  return `${JSON.stringify({ version: VERSION, requested, packages }, null, 2)}\n`
}

function parse(path: string, text: string): object {
  try {
    return (JSON.parse(text) ?? {}) as object
  } catch (cause) {
    throw new UserError(`${basename(path)} is not valid JSON`, {
      code: 'invalid-lock',
      cause,
      hint: 'restore it from version control, or remove it and add the packages again',
    })
  }
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** Names of files and folders go into paths: they must be names. */
function isLocked(value: unknown): value is LockedPackage {
  const { name, version, file, sha256, info, record } = (value ?? {}) as Record<string, unknown>
  const isName = (text: unknown) =>
    typeof text === 'string' && /^[\w.+!-]+$/.test(text) && !text.startsWith('.')
  const isHash = (text: unknown) => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
  return [name, version, file, info].every(isName) && [sha256, record].every(isHash)
}
