/** Writes events to archives in a folder: one writer per file, complete blocks only, and old files are removed. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { makeFolder, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import {
  ARCHIVE_EXTENSION,
  type ArchivedEvent,
  type BlockCipher,
  createBlockCipher,
  formatHeader,
  HEADER_SALT_BYTES,
  LENGTH_BYTES,
} from './archive-format.ts'
import type { ArchiveKeys } from './archive-keys.ts'

const compress = promisify(gzip)
const BLOCK_CHARS = 1024 * 1024
const BLOCK_AGE_MS = 5_000
const FILE_BYTES = 64 * 1024 * 1024
const FILE_AGE_MS = 3_600_000
/** More text than this is not held while the disk is slow. */
const MAX_HELD_CHARS = 32 * 1024 * 1024
const NAME = /^events-\d{8}T\d{9}Z-[0-9a-f]{8}\.sbarchive$/

export interface ArchiveWriterOptions {
  readonly folder: string
  readonly keys: ArchiveKeys | null
  /** Older files are removed; null: none. */
  readonly maxAgeMs: number | null
  /** The oldest files are removed beyond this size; null: none. */
  readonly maxBytes: number | null
  readonly now: () => number
  /** A block was not written. */
  readonly onFailure: (error: unknown, events: number) => void
}

interface OpenFile {
  readonly handle: FileHandle
  readonly name: string
  readonly cipher: BlockCipher | null
  readonly openedAt: number
  bytes: number
  blocks: number
}

export class ArchiveWriter {
  readonly #options: ArchiveWriterOptions
  #lines: string[] = []
  #lineChars = 0
  #heldChars = 0
  #timer: NodeJS.Timeout | null = null
  #file: OpenFile | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(options: ArchiveWriterOptions) {
    this.#options = options
    makeFolder(options.folder, { folders: [], folderMode: PRIVATE_FOLDER })
  }

  /** Returns false if the event was not taken, because the disk is slower than the events. */
  add(event: ArchivedEvent): boolean {
    const line = `${JSON.stringify(event)}\n`
    if (this.#heldChars + line.length > MAX_HELD_CHARS) return false
    this.#lines.push(line)
    this.#lineChars += line.length
    this.#heldChars += line.length
    if (this.#lineChars >= BLOCK_CHARS) this.#endBlock()
    else this.#timer ??= setTimeout(() => this.#endBlock(), BLOCK_AGE_MS).unref()
    return true
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    this.#endBlock()
    await this.#writing
    await this.#closeFile()
  }

  #endBlock(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const lines = this.#lines
    const chars = this.#lineChars
    this.#lines = []
    this.#lineChars = 0
    if (lines.length === 0) return
    this.#writing = this.#writing
      .then(() => this.#write(lines))
      .catch(async (error: unknown) => {
        this.#options.onFailure(error, lines.length)
        // Behind a part of a block nothing could be read, so the next block begins a new file.
        await this.#closeFile().catch(() => {})
      })
      .then(() => {
        this.#heldChars -= chars
      })
  }

  async #write(lines: readonly string[]): Promise<void> {
    const file = await this.#openFile()
    const compressed = await compress(lines.join(''), { level: 1 })
    const block = file.cipher === null ? compressed : file.cipher.seal(file.blocks, compressed)
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(block.length)
    // The number is not used again, even if this fails.
    file.blocks++
    await file.handle.appendFile(Buffer.concat([length, block]))
    file.bytes += LENGTH_BYTES + block.length
  }

  async #openFile(): Promise<OpenFile> {
    const { folder, keys, now } = this.#options
    const at = now()
    const current = this.#file
    if (current !== null && current.bytes < FILE_BYTES && at - current.openedAt < FILE_AGE_MS) return current
    await this.#closeFile()
    const time = new Date(at).toISOString().replace(/[-:.]/g, '')
    const name = `events-${time}-${randomBytes(4).toString('hex')}${ARCHIVE_EXTENSION}`
    const header = { keyId: keys?.newest.id ?? null, salt: randomBytes(HEADER_SALT_BYTES) }
    // The file must be new, so that no other process writes to it.
    const handle = await open(join(folder, name), 'ax', PRIVATE_FILE)
    const cipher = keys === null ? null : createBlockCipher(keys.newest.key, header)
    const text = formatHeader(header)
    this.#file = { handle, name, cipher, openedAt: at, bytes: text.length, blocks: 0 }
    await handle.appendFile(text)
    await this.#removeOld(name)
    return this.#file
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.handle.close()
  }

  async #removeOld(current: string): Promise<void> {
    const { folder, maxAgeMs, maxBytes, now } = this.#options
    if (maxAgeMs === null && maxBytes === null) return
    // The names begin with the time.
    const names = (await readdir(folder))
      .filter((name) => NAME.test(name) && name !== current)
      .sort()
      .reverse()
    let bytes = FILE_BYTES
    for (const name of names) {
      const path = join(folder, name)
      const { size, mtimeMs } = await stat(path)
      bytes += size
      const isOld = maxAgeMs !== null && now() - mtimeMs > maxAgeMs
      if (isOld || (maxBytes !== null && bytes > maxBytes)) await rm(path, { force: true })
    }
  }
}
