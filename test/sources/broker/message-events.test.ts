import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { messageEvents } from '../../../src/sources/broker/message-events.ts'

const PLACE = { position: 'message 7', origin: 'log' }
const LIMITS = { eventBytes: 1_000_000, bodyBytes: 100_000 }

it('refuses a message whose compressed containers together hold more than a body may', async () => {
  const container = (chars: number) => {
    const text = gzipSync(JSON.stringify([{ x: 'x'.repeat(chars) }])).toString('base64')
    return `${JSON.stringify({ data: text })}\n`
  }
  const rules = { unwrap: 'data', limits: LIMITS }
  const within = await messageEvents(Buffer.from(container(60_000)), PLACE, rules)
  expect(within).toMatchObject([{ raw: JSON.stringify({ x: 'x'.repeat(60_000) }) }])
  const refused = await messageEvents(Buffer.from(container(60_000).repeat(2)), PLACE, rules)
  expect(refused).toMatchObject([
    { ...PLACE, refused: 'the message has more than 10000 events, or 100000 bytes of unwrapped events' },
  ])
})

it('reads a message that is longer than a body may be, because the broker accepted it', async () => {
  const raw = JSON.stringify('x'.repeat(2 * LIMITS.bodyBytes))
  expect(await messageEvents(Buffer.from(raw), PLACE, { unwrap: null, limits: LIMITS })).toEqual([
    { ...PLACE, raw },
  ])
})

it('keeps few events of a small message that holds millions', async () => {
  const module = new URL('../../../src/sources/broker/message-events.ts', import.meta.url)
  const program = `
    import { gzipSync } from 'node:zlib'
    import { parentPort } from 'node:worker_threads'
    import { messageEvents } from ${JSON.stringify(module.href)}
    const bytes = 4 * 1024 * 1024
    const limits = { eventBytes: 1_000, bodyBytes: bytes }
    const data = gzipSync(Buffer.alloc(bytes, '1\\n'))
    const events = await messageEvents(data, { position: 'message 7', origin: 'log' }, { unwrap: null, limits })
    parentPort.postMessage(events.map(({ refused }) => refused))`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  })
  const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  expect(answer).toEqual(['the message has more than 10000 events, or 4194304 bytes of unwrapped events'])
})
