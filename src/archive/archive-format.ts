/** The format of an archive of events: a header line, then blocks of compressed lines, each encrypted if there is a key. */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { Envelope } from '../model/events/event.ts'

export const ARCHIVE_EXTENSION = '.sbarchive'
export const MAX_HEADER_BYTES = 1024
/** A block that claims to be larger is damaged. */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024
/** The length of a block stands before it. */
export const LENGTH_BYTES = 4

const FORMAT = 'signalbox-archive'
const VERSION = 1
const SALT_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

/** One line of a block. */
export type ArchivedEvent = Pick<Envelope, 'source' | 'kind' | 'type' | 'receivedAt' | 'raw'> & {
  readonly timeField: string | null
}

export interface ArchiveHeader {
  /** The id of the key; null: the blocks are not encrypted. */
  readonly keyId: string | null
  /** Random bytes of this file, from which the key of the file is derived. */
  readonly salt: Buffer
}

/** Encrypts or decrypts the blocks of one file by their numbers. */
export interface BlockCipher {
  seal(index: number, block: Buffer): Buffer
  /** Throws if the block was changed, or is another one. */
  open(index: number, block: Buffer): Buffer
}

export function formatHeader({ keyId, salt }: ArchiveHeader): Buffer {
  return Buffer.from(
    `${JSON.stringify({ format: FORMAT, version: VERSION, key: keyId, salt: salt.toString('base64') })}\n`,
  )
}

/** Returns null if this is no header of this version. */
export function parseHeader(line: string): ArchiveHeader | null {
  try {
    const { format, version, key, salt } = JSON.parse(line) as Record<string, unknown>
    if (format !== FORMAT || version !== VERSION || typeof salt !== 'string') return null
    const bytes = Buffer.from(salt, 'base64')
    if (bytes.length !== SALT_BYTES || (key !== null && typeof key !== 'string')) return null
    return { keyId: key, salt: bytes }
  } catch {
    return null
  }
}

/**
 * Each file has a key of its own, derived from its salt, and the nonce is the number of the block: no nonce is used twice
 * with a key. The number also keeps blocks from being moved, and the header is authenticated with each block.
 */
export function createBlockCipher(key: Buffer, header: ArchiveHeader): BlockCipher {
  const fileKey = Buffer.from(hkdfSync('sha256', key, header.salt, FORMAT, 32))
  const bound = formatHeader(header)
  const nonceOf = (index: number) => {
    const nonce = Buffer.alloc(NONCE_BYTES)
    nonce.writeUIntBE(index, NONCE_BYTES - 6, 6)
    return nonce
  }
  return {
    seal(index, block) {
      const cipher = createCipheriv(CIPHER, fileKey, nonceOf(index)).setAAD(bound)
      return Buffer.concat([cipher.update(block), cipher.final(), cipher.getAuthTag()])
    },
    open(index, block) {
      const decipher = createDecipheriv(CIPHER, fileKey, nonceOf(index), { authTagLength: TAG_BYTES })
      decipher.setAAD(bound).setAuthTag(block.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(block.subarray(0, -TAG_BYTES)), decipher.final()])
    },
  }
}

export const HEADER_SALT_BYTES = SALT_BYTES
