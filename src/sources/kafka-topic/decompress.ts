/** Decompresses the records of a batch by each method that Kafka has. A limit holds while it decompresses. */
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { messageOf } from '../../errors.ts'
import { decompressLz4 } from './lz4.ts'
import { TOO_LARGE } from './plain-bytes.ts'
import { decompressSnappy } from './snappy.ts'

type Decompress = (data: Buffer, maxBytes: number) => Promise<Buffer> | Buffer

const gunzipAll = promisify(gunzip)
const zstdDecompressAll: (data: Buffer, options: object) => Promise<Buffer> = promisify(zstdDecompress)

/** The methods by their number in the attributes of a batch. */
const METHODS: Readonly<Record<number, readonly [name: string, decompress: Decompress]>> = {
  1: ['gzip', (data, maxOutputLength) => gunzipAll(data, { maxOutputLength })],
  2: ['snappy', decompressSnappy],
  3: ['lz4', decompressLz4],
  4: ['zstd', (data, maxOutputLength) => zstdDecompressAll(data, { maxOutputLength })],
}

/** @param method 0 for none. */
export async function decompress(data: Buffer, method: number, maxBytes: number): Promise<Buffer> {
  if (method === 0) return data
  const known = METHODS[method]
  if (known === undefined) throw new Error(`the compression ${method} is unknown`)
  const [name, decompressBy] = known
  try {
    return await decompressBy(data, maxBytes)
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === TOO_LARGE
    const reason = isTooLarge ? `exceeds ${maxBytes} bytes` : `is damaged: ${messageOf(cause)}`
    throw new Error(`the ${name} data ${reason}`, { cause })
  }
}
