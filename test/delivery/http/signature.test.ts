import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHttpClient } from '../../../src/delivery/http/http-client.ts'
import { withStandardHeaders } from '../../../src/delivery/request-steps.ts'
import { postJson } from '../../../src/destinations/parts/json-request.ts'
import { testMessage } from '../../support/message.ts'
import { type Receiver, startReceiver } from '../../support/receiver.ts'

const http = createHttpClient({ connectTimeoutMs: 20_000, totalTimeoutMs: 20_000, maxBodyBytes: 1_000 })
let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const SECRET = 'a secret of some length'

it('[DEL-9.4] the documented recipe verifies a signature, whatever headers the type sets', async () => {
  const headers = { 'X-Signalbox-Signature': 'sha256=forged' }
  const outgoing = postJson(receiver.url, { text: 'ä' }, { headers })
  const request = withStandardHeaders(
    outgoing,
    testMessage(),
    { transport: { signingSecret: SECRET } },
    '1.2.3',
  )
  await http.send(request, new AbortController().signal)
  await receiver.until(1)
  const [{ headers: received, body: rawBody }] = receiver.requests as [Receiver['requests'][number]]
  const timestamp = String(received['x-signalbox-timestamp'])
  const signature = String(received['x-signalbox-signature'])
  expect(timestamp).toBe('1767225600')
  expect(documented({ secret: SECRET, timestamp, rawBody, signature }, 1_767_225_600)).toEqual([true, true])
  expect(documented({ secret: SECRET, timestamp, rawBody: `${rawBody} `, signature }, 1_767_225_600)).toEqual(
    [false, true],
  )
  expect(documented({ secret: SECRET, timestamp, rawBody, signature }, 1_767_225_901)).toEqual([true, false])
})

/** Runs the recipe of the docs, which returns whether a request is genuine and recent. */
function documented(request: Readonly<Record<string, string>>, nowSeconds: number): [boolean, boolean] {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/destinations.md'), 'utf8')
  const [, recipe] = /### Signature[\s\S]*?```js\n([\s\S]*?)```/.exec(page)!
  const given = { ...request, createHmac, timingSafeEqual, Buffer, Date: { now: () => nowSeconds * 1_000 } }
  return runInNewContext(`${recipe}; [genuine, recent]`, given) as [boolean, boolean]
}

it('a request without a secret is not signed', () => {
  const { headers } = withStandardHeaders(postJson('https://example.com', {}), testMessage(), {}, '1.2.3')
  expect(Object.keys(headers)).not.toContain('x-signalbox-signature')
})
