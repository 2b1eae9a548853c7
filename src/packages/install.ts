/** Unpacks wheels into one folder, the whole of it or nothing, and checks what was unpacked before. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { makeFolder, PRIVATE_FOLDER } from '../files/output-file.ts'
import { hasEntry } from '../files/path-kind.ts'
import { readProjectFile } from '../files/project-file.ts'
import { PACKAGE_BOUNDS } from './budget.ts'
import { sha256 } from './index-client.ts'
import { type Lock, lockText } from './lock.ts'
import { parseRecord, type Wheel } from './wheel.ts'

export interface Installation {
  /** Absolute path of the project. */
  readonly root: string
  /** Absolute, in the project; replaced as a whole. */
  readonly folder: string
  /** Name of the lock's copy in it. */
  readonly lockName: string
}

export async function install(
  { root, folder, lockName }: Installation,
  wheels: readonly Wheel[],
  lock: Lock,
): Promise<void> {
  const owners = new Map<string, Wheel>()
  for (const wheel of wheels) {
    for (const path of wheel.files.keys()) {
      const other = owners.get(path)
      if (other)
        throw new UserError(`${wheel.info} and ${other.info} both contain ${path}`, {
          code: 'package-conflict',
        })
      owners.set(path, wheel)
    }
  }
  const staging = `${folder}.${randomBytes(6).toString('hex')}`
  const old = `${staging}.old`
  try {
    // The parent folder can contain the store of alerts.
    makeFolder(dirname(folder), { folders: [root], folderMode: PRIVATE_FOLDER })
    // The name is new, so that no link of the project can exist at its path.
    await mkdir(staging)
    for (const [path, { files }] of owners) {
      const target = join(staging, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, files.get(path)!)
    }
    await writeFile(join(staging, lockName), lockText(lock))
    if (hasEntry(folder)) await rename(folder, old)
    await rename(staging, folder)
  } finally {
    for (const path of [staging, old]) await rm(path, { recursive: true, force: true })
  }
}

/** Whether the folder contains everything that the lock names, unchanged. It uses no network. */
export function isInstalled({ root, folder, lockName }: Installation, lock: Lock): boolean {
  return (
    bytesOf(root, join(folder, lockName))?.toString('utf8') === lockText(lock) &&
    lock.packages.every(({ info, record }) => isIntact(root, folder, info, record))
  )
}

function isIntact(root: string, folder: string, info: string, record: string): boolean {
  const lines = bytesOf(root, join(folder, info, 'RECORD'))
  if (lines === null || sha256(lines) !== record) return false
  return parseRecord(lines.toString('utf8')).every(({ path, sha256: expected }) => {
    if (expected === null) return true
    const bytes = bytesOf(root, join(folder, path))
    return bytes !== null && createHash('sha256').update(bytes).digest('base64url') === expected
  })
}

/** null: it cannot be read, so it is not what was unpacked. */
function bytesOf(root: string, path: string): Buffer | null {
  const read = readProjectFile(path, { folders: [root], maxBytes: PACKAGE_BOUNDS.bytes })
  return 'bytes' in read ? read.bytes : null
}
