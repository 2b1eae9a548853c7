/** The cursor of an object, which its partition has in the store. */
import type { Position } from '../framing/frame.ts'
import type { NamedObject } from './object-notification.ts'

export interface ObjectCursor {
  /** An offset into compressed data counts decompressed bytes. */
  readonly at: Position
  readonly isCompressed: boolean
}

/** It is committed with the last events of an object. */
export const DONE = JSON.stringify({ done: true })

/** An object that is overwritten is another partition. */
export function partitionOf({ bucket, key, version, etag }: NamedObject): string {
  return `s3:${bucket}/${key}@${version ?? etag}`
}

export function encodeObjectCursor({ at, isCompressed }: ObjectCursor): string {
  return JSON.stringify({ at, gzip: isCompressed })
}

/** @param cursor a cursor other than `DONE`. */
export function decodeObjectCursor(cursor: string): ObjectCursor {
  const { at, gzip } = JSON.parse(cursor) as { at: Position; gzip: boolean }
  return { at, isCompressed: gzip }
}
