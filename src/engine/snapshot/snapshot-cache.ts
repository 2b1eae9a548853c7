/**
 * EITHER THREAD. Keeps snapshots in the user's cache folder. They are written atomically and authenticated with a key that
 * only this user can read. A damaged or foreign entry counts as missing.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync, utimesSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeImagesFolder } from './remove-images-folder.ts'

export interface SnapshotCache {
  /** Returns null if no trusted entry exists. It is synchronous, because a worker cannot start without the result. */
  read(name: string): Uint8Array | null
  /** Writes the parts one after the other. Resolves to false if it failed: everything works without a cache, only slower. */
  write(name: string, ...parts: readonly Uint8Array[]): Promise<boolean>
}

export const NO_CACHE: SnapshotCache = { read: () => null, write: async () => false }

const SUFFIX = '.snapshot'
const MAX_CACHE_BYTES = 1024 * 1024 * 1024
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/**
 * @param folder an absolute path. The first write creates it for its owner only.
 * @param maxBytes the limit of all entries together.
 */
export function openSnapshotCache(folder: string, maxBytes = MAX_CACHE_BYTES): SnapshotCache {
  const fileOf = (name: string) => join(folder, `${name}${SUFFIX}`)
  return {
    read(name) {
      try {
        const snapshot = unseal(readKey(folder), name, readWhole(fileOf(name)))
        utimesSync(fileOf(name), new Date(), new Date())
        return snapshot
      } catch {
        return null
      }
    },
    async write(name, ...parts) {
      const partial = join(folder, `${name}.${randomBytes(6).toString('hex')}.partial`)
      try {
        const created = await mkdir(folder, { recursive: true, mode: 0o700 })
        if (created !== undefined) await removeImagesFolder(folder)
        const key = await readOrMakeKey(folder)
        const file = await open(partial, 'wx', 0o600)
        try {
          await file.writev([seal(key, name, parts), ...parts])
        } finally {
          await file.close()
        }
        await rename(partial, fileOf(name))
        await prune(folder, maxBytes)
        return true
      } catch {
        await rm(partial, { force: true }).catch(() => {})
        return false
      }
    },
  }
}

function readWhole(file: string): Uint8Array {
  const descriptor = openSync(file, 'r')
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(descriptor).size)
    if (readSync(descriptor, bytes, 0, bytes.length, 0) !== bytes.length)
      throw new Error('the snapshot was cut while it was read')
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

/** Computes a GMAC over name and content. The content is not encrypted, since it holds nothing but code of the project. */
function seal(key: Uint8Array, name: string, parts: readonly Uint8Array[]): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(name))
  for (const part of parts) cipher.setAAD(part)
  cipher.final()
  return Buffer.concat([nonce, cipher.getAuthTag()])
}

/** Throws if name or content differ from what was sealed. */
function unseal(key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  const snapshot = sealed.subarray(NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.slice(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(name))
  decipher.setAAD(snapshot)
  decipher.setAuthTag(sealed.slice(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  decipher.final()
  return snapshot
}

/** Rejects a key that other users can read, because they could forge snapshots with it. */
function readKey(folder: string): Uint8Array {
  // One descriptor serves the check and the read, so no other file can take its place between them.
  const descriptor = openSync(join(folder, 'key'), 'r')
  try {
    const { mode, uid } = fstatSync(descriptor)
    if (process.getuid && (uid !== process.getuid() || (mode & 0o077) !== 0))
      throw new Error('the key is not private')
    const key = readFileSync(descriptor)
    if (key.length !== KEY_BYTES) throw new Error('the key is damaged')
    return key
  } finally {
    closeSync(descriptor)
  }
}

async function readOrMakeKey(folder: string): Promise<Uint8Array> {
  const file = join(folder, 'key')
  try {
    return readKey(folder)
  } catch {
    await writeFile(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' }).catch(() => {})
  }
  try {
    // Another process may have created the key meanwhile.
    return readKey(folder)
  } catch {
    await rm(file, { force: true })
    await writeFile(file, randomBytes(KEY_BYTES), { mode: 0o600 })
    return readKey(folder)
  }
}

/** Removes the least recently used entries beyond the limit. */
async function prune(folder: string, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX))
  const snapshots = await Promise.all(
    names.map(async (name) => {
      const { mtimeMs, size } = await stat(join(folder, name))
      return { name, mtimeMs, size }
    }),
  )
  let remainingBytes = maxBytes
  for (const { name, size } of snapshots.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    remainingBytes -= size
    if (remainingBytes < 0) await rm(join(folder, name), { force: true })
  }
}
