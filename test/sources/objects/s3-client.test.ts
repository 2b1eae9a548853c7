/** Parts of objects: what is read must be what was requested, or nothing. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { S3Client } from '../../../src/sources/objects/s3-client.ts'

const CONTENT = '0123456789'
let server: Server
/** The range of the answer; null: the answer does not name it. */
let range: string | null
let first: number

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
  server = createServer((_, response) => {
    response.writeHead(206, range === null ? {} : { 'content-range': range }).end(CONTENT.slice(first))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})

async function read(from: number): Promise<string> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new S3Client({ endpoint, region: 'eu-central-1' })
  const object = { bucket: 'b', key: 'k', version: null, etag: null }
  const answer = await client.get(object, from, new AbortController().signal)
  if (answer.kind !== 'content') return `${answer.kind}: ${answer.reason}`
  const chunks: Buffer[] = []
  for await (const chunk of answer.chunks) chunks.push(chunk)
  return `from ${answer.from}: ${Buffer.concat(chunks).toString()}`
}

it.each([
  ['bytes 4-9/10', 4, 'from 4: 456789'],
  ['bytes 4-9/*', 4, 'from 4: 456789'],
  // The reader passes the bytes that it has already read.
  ['bytes 2-9/10', 2, 'from 2: 23456789'],
])('the answer with the range %s is read from its first byte', async (given, at, content) => {
  range = given
  first = at
  expect(await read(4)).toBe(content)
})

it.each([null, 'bytes 5-9/10', 'bytes 4-8/10', 'items 4-9/10'])(
  'an answer with the range %s, which would lose events, is refused',
  async (given) => {
    range = given
    first = 4
    expect(await read(4)).toBe('refused: the part from byte 4 was requested, and another one was answered')
  },
)
