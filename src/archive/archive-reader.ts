/** Reads an archive block by block. Damage is reported with its offset, and later blocks are read where they can be found. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { UserError } from '../errors.ts'
import {
  type ArchivedEvent,
  type ArchiveHeader,
  type BlockCipher,
  createBlockCipher,
  LENGTH_BYTES,
  MAX_BLOCK_BYTES,
  MAX_HEADER_BYTES,
  parseHeader,
} from './archive-format.ts'
import type { ArchiveKeys } from './archive-keys.ts'

const unzip = promisify(gunzip)
const NEWLINE = 0x0a

export type ArchivePart =
  | { readonly kind: 'events'; readonly events: readonly ArchivedEvent[]; readonly offset: number }
  | { readonly kind: 'damage'; readonly reason: string; readonly offset: number }

/** @param name of the archive, for messages. Rejects with a UserError if the key is missing. */
export async function* readArchive(
  name: string,
  chunks: AsyncIterable<Buffer>,
  keys: ArchiveKeys | null,
): AsyncGenerator<ArchivePart> {
  const input = new BlockInput(chunks)
  const line = await input.takeLine(MAX_HEADER_BYTES)
  const header = line === null ? null : parseHeader(line)
  if (header === null) return yield { kind: 'damage', reason: 'it has no header of this version', offset: 0 }
  const cipher = cipherOf(name, header, keys)
  for (let index = 0; ; index++) {
    const { offset } = input
    const length = await input.take(LENGTH_BYTES)
    if (length === null || length.length === 0) {
      if (length === null) yield cutShort(offset)
      return
    }
    const bytes = length.readUInt32BE()
    if (bytes === 0 || bytes > MAX_BLOCK_BYTES)
      return yield { kind: 'damage', reason: 'the length of a block is not possible', offset }
    const block = await input.take(bytes)
    if (block === null || block.length === 0) return yield cutShort(offset)
    yield await openBlock(block, index, cipher, offset)
  }
}

/** The writer was killed, or the disk was full. */
function cutShort(offset: number): ArchivePart {
  return { kind: 'damage', reason: 'its last block is incomplete', offset }
}

async function openBlock(
  block: Buffer,
  index: number,
  cipher: BlockCipher | null,
  offset: number,
): Promise<ArchivePart> {
  try {
    const compressed = cipher === null ? block : cipher.open(index, block)
    const text = await unzip(compressed, { maxOutputLength: MAX_BLOCK_BYTES })
    const lines = text.toString().split('\n').slice(0, -1)
    return { kind: 'events', events: lines.map((line) => JSON.parse(line) as ArchivedEvent), offset }
  } catch {
    // The message of the cipher or of the parser may contain a part of the text.
    return { kind: 'damage', reason: 'a block was changed, or the key is another one', offset }
  }
}

function cipherOf(name: string, header: ArchiveHeader, keys: ArchiveKeys | null): BlockCipher | null {
  const { keyId } = header
  if (keyId === null) return null
  const key = keys?.byId.get(keyId)
  if (key !== undefined) return createBlockCipher(key, header)
  throw new UserError(`${name} is encrypted with the key "${keyId}"`, {
    code: 'invalid-archive-key',
    hint: 'name a file that contains this key with --key-file',
  })
}

/** Takes bytes from chunks and counts them. */
class BlockInput {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)
  offset = 0

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Returns no bytes at the end, and null if fewer are left. */
  async take(bytes: number): Promise<Buffer | null> {
    const parts = [this.#held]
    let length = this.#held.length
    while (length < bytes) {
      const next = await this.#chunks.next()
      if (next.done) break
      parts.push(next.value)
      length += next.value.length
    }
    const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    if (all.length < bytes) return all.length === 0 ? all : null
    this.#held = all.subarray(bytes)
    this.offset += bytes
    return all.subarray(0, bytes)
  }

  /** Returns null if there is no end of a line within this number of bytes. */
  async takeLine(maxBytes: number): Promise<string | null> {
    let end = this.#held.indexOf(NEWLINE)
    while (end === -1 && this.#held.length < maxBytes) {
      const next = await this.#chunks.next()
      if (next.done) return null
      this.#held = Buffer.concat([this.#held, next.value])
      end = this.#held.indexOf(NEWLINE)
    }
    if (end === -1 || end > maxBytes) return null
    const line = await this.take(end + 1)
    return line!.toString()
  }
}
