/** A file's cursor: which file it was, told by inode and beginning, and where reading goes on in it. */
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Position } from './_piece.ts'

export const HEAD_BYTES = 1024

/** The first bytes of a file that only grows never change, so they tell it from one that took its inode. */
export interface Head {
  readonly bytes: number
  readonly hash: string
}

/** A file as it was seen; its times in nanoseconds, in the file system's own steps of a few milliseconds. */
export interface Sighting {
  readonly inode: string
  readonly modifiedAt: bigint
  readonly bornAt: bigint
}

/** Tells the file from all others, whatever becomes of its name and content. */
export function originOf({ inode, bornAt }: Sighting): string {
  return `${inode}/${bornAt}`
}

export interface FileCursor {
  readonly file: Sighting
  /** null: nothing more is read in it, only in files that were written to after it. */
  readonly at: (Position & { readonly head: Head }) | null
}

export function encodeCursor({ file: { inode, modifiedAt, bornAt }, at }: FileCursor): string {
  return JSON.stringify({ file: { inode, modifiedAt: String(modifiedAt), bornAt: String(bornAt) }, at })
}

/** null for text that is no cursor of ours. */
export function decodeCursor(text: string | null): FileCursor | null {
  if (text === null) return null
  try {
    const { file, at } = JSON.parse(text)
    if (typeof file.inode !== 'string' || !isPosition(at)) return null
    return { file: { ...file, modifiedAt: BigInt(file.modifiedAt), bornAt: BigInt(file.bornAt) }, at }
  } catch {
    return null
  }
}

function isPosition(at: FileCursor['at']): boolean {
  if (at === null) return true
  return (
    typeof at.head.hash === 'string' &&
    [at.head.bytes, at.offset, at.line, at.skip].every(Number.isSafeInteger)
  )
}

/** What a head is taken of: the first bytes, fewer where the file is shorter. */
export async function beginningOf(file: FileHandle, bytes = HEAD_BYTES): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min(bytes, HEAD_BYTES))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  return buffer.subarray(0, bytesRead)
}

export function headOf(beginning: Buffer): Head {
  const hash = createHash('sha256').update(beginning).digest('hex').slice(0, 16)
  return { bytes: beginning.length, hash }
}

/** True when the file still begins with what the fingerprint was taken of. */
export async function beginsWith(file: FileHandle, head: Head): Promise<boolean> {
  const now = headOf(await beginningOf(file, head.bytes))
  return now.bytes === head.bytes && now.hash === head.hash
}

export async function sightingOf(file: FileHandle): Promise<Sighting> {
  return sighting(await file.stat({ bigint: true }))
}

export function sighting({ ino, mtimeNs, birthtimeNs }: BigIntStats): Sighting {
  return { inode: String(ino), modifiedAt: mtimeNs, bornAt: birthtimeNs }
}
