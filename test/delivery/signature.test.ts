import { createHmac, timingSafeEqual } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHttpClient } from '../../src/delivery/http-client.ts'
import { dressed } from '../../src/delivery/requests.ts'
import { postJson } from '../../src/destinations/_http.ts'
import { testMessage } from '../support/message.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const http = createHttpClient({ connectTimeoutMs: 2_000, totalTimeoutMs: 2_000, maxBodyBytes: 1_000 })
let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const SECRET = 'a secret of some length'

it('signs so that the documented recipe verifies it, whatever the type set', async () => {
  const headers = { 'X-Signalbox-Signature': 'sha256=forged' }
  const outgoing = postJson(receiver.url, { text: 'ä' }, { headers })
  const request = dressed(outgoing, testMessage(), { transport: { signingSecret: SECRET } }, '1.2.3')
  await http.send(request, new AbortController().signal)
  await receiver.until(1)
  const [{ headers: received, body: rawBody }] = receiver.requests as [Receiver['requests'][number]]
  const timestamp = String(received['x-signalbox-timestamp'])
  const signature = String(received['x-signalbox-signature'])
  expect(timestamp).toBe('1767225600')
  // The recipe of docs/destinations.md.
  const expected = createHmac('sha256', SECRET).update(`${timestamp}.${rawBody}`).digest('hex')
  expect(timingSafeEqual(Buffer.from(`sha256=${expected}`), Buffer.from(signature))).toBe(true)
})

it('signs nothing without a secret', () => {
  const { headers } = dressed(postJson('https://example.com', {}), testMessage(), {}, '1.2.3')
  expect(Object.keys(headers)).not.toContain('x-signalbox-signature')
})
