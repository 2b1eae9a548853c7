/** Unpacks wheels into one folder, the whole of it or nothing, and checks what was unpacked before. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { sha256 } from './index-client.ts'
import { type Lock, lockText } from './lock.ts'
import { parseRecord, type Wheel } from './wheel.ts'

export interface Installation {
  /** Absolute; replaced as a whole. */
  readonly folder: string
  /** Name of the lock's copy in it. */
  readonly lockName: string
}

export async function install(
  { folder, lockName }: Installation,
  wheels: readonly Wheel[],
  lock: Lock,
): Promise<void> {
  const owners = new Map<string, Wheel>()
  for (const wheel of wheels) {
    for (const path of wheel.files.keys()) {
      const other = owners.get(path)
      if (other) throw new UserError(`${wheel.info} and ${other.info} both bring ${path}`)
      owners.set(path, wheel)
    }
  }
  const fresh = `${folder}.${randomBytes(6).toString('hex')}`
  const old = `${fresh}.old`
  try {
    await mkdir(fresh, { recursive: true })
    for (const [path, { files }] of owners) {
      const target = join(fresh, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, files.get(path)!)
    }
    await writeFile(join(fresh, lockName), lockText(lock))
    if (existsSync(folder)) await rename(folder, old)
    await rename(fresh, folder)
  } finally {
    for (const path of [fresh, old]) await rm(path, { recursive: true, force: true })
  }
}

/** Whether everything that the lock names lies in the folder, unchanged. Asks nobody. */
export function isInstalled({ folder, lockName }: Installation, lock: Lock): boolean {
  return (
    textOf(join(folder, lockName)) === lockText(lock) &&
    lock.packages.every(({ info, record }) => isIntact(folder, info, record))
  )
}

function isIntact(folder: string, info: string, record: string): boolean {
  const lines = textOf(join(folder, info, 'RECORD'))
  if (lines === null || sha256(Buffer.from(lines)) !== record) return false
  return parseRecord(lines).every(({ path, sha256: expected }) => {
    if (expected === null) return true
    const file = join(folder, path)
    return (
      existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('base64url') === expected
    )
  })
}

function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}
