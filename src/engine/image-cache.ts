/**
 * Keeps images in the user's cache folder: written whole or not at all, authenticated with a key that only this user
 * can read. A damaged, foreign or missing image is no image.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface ImageCache {
  /** null where there is none that can be trusted. */
  read(name: string): Promise<Uint8Array | null>
  /** Never rejects: without a cache everything works, only slower. */
  write(name: string, image: Uint8Array): Promise<void>
}

export const NO_CACHE: ImageCache = { read: async () => null, write: async () => {} }

const SUFFIX = '.image'
const KEPT = 12
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** @param folder absolute path, made on the first write; only its owner can enter it. */
export function openImageCache(folder: string): ImageCache {
  const fileOf = (name: string) => join(folder, `${name}${SUFFIX}`)
  return {
    async read(name) {
      try {
        const [key, sealed] = await Promise.all([readKey(folder), readShared(fileOf(name))])
        const image = unseal(key, name, sealed)
        if (image) await utimes(fileOf(name), new Date(), new Date())
        return image
      } catch {
        return null
      }
    },
    async write(name, image) {
      const partial = join(folder, `${name}.${randomBytes(6).toString('hex')}.partial`)
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const key = await readKey(folder).catch(() => makeKey(folder))
        const { head } = seal(key, name, image)
        const file = await open(partial, 'wx', 0o600)
        try {
          await file.write(head)
          await file.write(image)
        } finally {
          await file.close()
        }
        await rename(partial, fileOf(name))
        await prune(folder)
      } catch {
        await rm(partial, { force: true }).catch(() => {})
      }
    },
  }
}

/** Straight into shared memory, so that no worker needs a copy of its own. */
async function readShared(file: string): Promise<Uint8Array> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const bytes = new Uint8Array(new SharedArrayBuffer(size))
    const { bytesRead } = await handle.read(bytes, 0, size, 0)
    if (bytesRead !== size) throw new Error('the image was cut while it was read')
    return bytes
  } finally {
    await handle.close()
  }
}

/** GMAC over name and image: the image itself stays in the clear, it holds nothing but code of the project. */
function seal(key: Uint8Array, name: string, image: Uint8Array): { head: Buffer } {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(name))
  cipher.setAAD(image)
  cipher.final()
  return { head: Buffer.concat([nonce, cipher.getAuthTag()]) }
}

function unseal(key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length <= NONCE_BYTES + TAG_BYTES) return null
  const image = sealed.subarray(NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.slice(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(name))
  decipher.setAAD(image)
  decipher.setAuthTag(sealed.slice(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  decipher.final()
  return image
}

/** Others who can read the key could forge an image. */
async function readKey(folder: string): Promise<Uint8Array> {
  // One handle for both: what was looked at is what is read.
  const file = await open(join(folder, 'key'))
  try {
    const { mode, uid } = await file.stat()
    if (process.getuid && (uid !== process.getuid() || (mode & 0o077) !== 0))
      throw new Error('the key is not private')
    const key = await file.readFile()
    if (key.length !== KEY_BYTES) throw new Error('the key is damaged')
    return key
  } finally {
    await file.close()
  }
}

async function makeKey(folder: string): Promise<Uint8Array> {
  const file = join(folder, 'key')
  try {
    await writeFile(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' })
  } catch {
    // Another process was faster, or what stands there can't be used.
    await readKey(folder).catch(async () => {
      await rm(file, { force: true })
      await writeFile(file, randomBytes(KEY_BYTES), { mode: 0o600 })
    })
  }
  return readKey(folder)
}

/** The least recently used images go first. */
async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX))
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  )
  const old = dated.sort((a, b) => b.at - a.at).slice(KEPT)
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })))
}
