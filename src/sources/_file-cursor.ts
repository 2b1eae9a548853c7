/** A file's cursor: which file it was, told by inode and beginning, and where reading goes on in it. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Position } from './_piece.ts'

const HEAD_BYTES = 1024

/** The first bytes of a file that only grows never change, so they tell it from one that took its inode. */
export interface Head {
  readonly bytes: number
  readonly hash: string
}

export interface FileCursor extends Position {
  readonly inode: string
  readonly head: Head
}

export function encodeCursor(cursor: FileCursor): string {
  return JSON.stringify(cursor)
}

/** null for text that is no cursor of ours. */
export function decodeCursor(text: string | null): FileCursor | null {
  if (text === null) return null
  try {
    const cursor = JSON.parse(text) as FileCursor | null
    const isWhole =
      typeof cursor?.inode === 'string' &&
      typeof cursor.head?.hash === 'string' &&
      [cursor.head.bytes, cursor.offset, cursor.line, cursor.skip].every(Number.isSafeInteger)
    return isWhole ? cursor : null
  } catch {
    return null
  }
}

export const NO_HEAD: Head = { bytes: 0, hash: '' }

/** The fingerprint of the first `bytes` bytes, at most 1,024; shorter where the file is. */
export async function headOf(file: FileHandle, bytes: number): Promise<Head> {
  const buffer = Buffer.alloc(Math.min(bytes, HEAD_BYTES))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  const hash = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 16)
  return { bytes: bytesRead, hash }
}

export function isFull(head: Head): boolean {
  return head.bytes === HEAD_BYTES
}

/** True when the file still begins with what the fingerprint was taken of. */
export async function beginsWith(file: FileHandle, head: Head): Promise<boolean> {
  if (head.bytes === 0) return true
  const now = await headOf(file, head.bytes)
  return now.bytes === head.bytes && now.hash === head.hash
}

export async function inodeOf(file: FileHandle): Promise<string> {
  return String((await file.stat({ bigint: true })).ino)
}
