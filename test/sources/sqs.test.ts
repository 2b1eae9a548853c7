import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nullLog } from '../../src/model/ports.ts'
import type { SourceContext } from '../../src/sources/_source.ts'
import { sourceContract } from '../contract/source.ts'
import { type AwsFake, listen, startAws, withAwsCredentials } from '../support/aws.ts'
import { manualClock } from '../support/clock.ts'
import { openSource, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

withAwsCredentials()

let aws: AwsFake
beforeAll(async () => {
  aws = await startAws()
})
afterAll(() => aws.close())

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

let count = 0
async function freshQueue(attributes = {}): Promise<{ name: string; url: string }> {
  const name = `queue-${++count}`
  return { name, url: await aws.createQueue(name, attributes) }
}

async function start(url: string, context: SourceContext, query = '') {
  const abort = new AbortController()
  const signal = AbortSignal.any([context.signal, abort.signal])
  const endpoint = encodeURIComponent(aws.url)
  const source = await openSource(`sqs:${url}?region=us-east-1&endpoint=${endpoint}${query}`)
  expect(source.ends).toBe(false)
  const ended = source.run({ ...context, signal })
  ended.catch(() => {})
  stops.push(async () => {
    abort.abort()
    await ended.catch(() => {})
  })
  return { ended, stop: () => abort.abort() }
}

const limits = { eventBytes: 1_000, bodyBytes: 100_000 }

sourceContract('sqs', {
  from: 'sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/trail',
  refusal: {
    refused: 'event of 2002 bytes exceeds the limit of 1000',
    position: expect.stringMatching(/^message [\w-]+, event 3$/) as unknown as string,
  },
  async feed(input, context) {
    const { name, url } = await freshQueue()
    await aws.sendTo(url, input)
    const { ended } = await start(url, context)
    const isDone = async () => (await aws.countIn(name)) === 0
    const acknowledged = Promise.race([until(isDone, { what: 'an empty queue' }), ended.then(() => {})])
    return { acknowledged, ended }
  },
})

describe('messages', () => {
  it('are deleted after their events are committed, and not before', async () => {
    const { name, url } = await freshQueue()
    await aws.sendTo(url, '{"n":1}\n{"n":2}')
    const sink = new Sink()
    sink.isHeld = true
    await start(url, sourceContext(sink, { limits }))
    await until(() => sink.events.length === 2)
    expect(await aws.countIn(name)).toBe(1)
    sink.emitted[0]!.settle()
    await until(async () => (await aws.countIn(name)) === 0)
    expect(aws.faults).toEqual([])
  })

  it('whose events could not be committed come again with the same keys', async () => {
    const { url } = await freshQueue()
    await aws.sendTo(url, '[{"n":1},{"n":2}]')
    const failing = new Sink()
    failing.isHeld = true
    // The emulator would give the message to another receiver, whose request has ended.
    const first = await start(url, sourceContext(failing, { limits }), '&receivers=1')
    await until(() => failing.events.length === 2)
    failing.emitted[0]!.fail(new Error('the disk is full'))
    await expect(first.ended).rejects.toThrow('the disk is full')
    const sink = new Sink()
    await start(url, sourceContext(sink, { limits }))
    await until(() => sink.events.length === 2)
    expect(sink.events).toEqual(failing.events)
    expect(sink.events.map(({ dedupId }) => dedupId)).toEqual([
      expect.stringMatching(/^sqs:[\w-]+:0$/),
      expect.stringMatching(/^sqs:[\w-]+:1$/),
    ])
  })

  it('are opened by unwrap, and a broken one is rejected and deleted', async () => {
    const { name, url } = await freshQueue()
    await aws.sendTo(url, JSON.stringify({ Type: 'Notification', Message: '{"Records":[{"n": 1.0}]}' }))
    await aws.sendTo(url, 'words')
    const sink = new Sink()
    await start(url, sourceContext(sink, { limits }), '&unwrap=Message.Records')
    await until(async () => (await aws.countIn(name)) === 0)
    expect(sink.accepted).toEqual(['{"n": 1.0}'])
    expect(sink.refused).toMatchObject([{ refused: 'nothing to unwrap at "Message.Records"' }])
  })

  const record = {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'trail' }, object: { key: 'a.json.gz', eTag: 'e' } },
  }
  it.each([
    ['direct', { Records: [record] }],
    ['through SNS', { Type: 'Notification', Message: JSON.stringify({ Records: [record] }) }],
    [
      'of EventBridge',
      {
        source: 'aws.s3',
        'detail-type': 'Object Created',
        detail: { bucket: { name: 'trail' }, object: { key: 'a', etag: 'e' } },
      },
    ],
  ])('about objects of S3 stay in the queue without buckets: %s', async (_what, body) => {
    const { name, url } = await freshQueue()
    const errors: string[] = []
    const log = { ...nullLog, error: (_fields: object, message: string) => void errors.push(message) }
    const sink = new Sink()
    await aws.sendTo(url, JSON.stringify(body))
    const { stop, ended } = await start(url, sourceContext(sink, { limits, log }))
    await until(() => errors.length === 1)
    expect(errors[0]).toContain('add buckets=NAME')
    stop()
    await ended
    expect(sink.events).toEqual([])
    expect(await aws.countIn(name)).toBe(1)
  })

  it('about objects of S3 are events with read=body', async () => {
    const { url } = await freshQueue()
    await aws.sendTo(url, JSON.stringify({ Records: [record] }))
    const sink = new Sink()
    await start(url, sourceContext(sink, { limits }), '&read=body&unwrap=Records')
    await until(() => sink.events.length === 1)
    expect(JSON.parse(sink.texts[0]!)).toEqual(record)
  })

  it('that SNS has wrapped are unwrapped, but for read=body', async () => {
    const { name, url } = await freshQueue()
    const topic = await aws.createTopic(`topic-${name}`, name, false)
    await aws.publishTo(topic, '[{"n": 1.0},{"n":2}]')
    const sink = new Sink()
    const { stop, ended } = await start(url, sourceContext(sink, { limits }))
    await until(async () => (await aws.countIn(name)) === 0)
    expect(sink.texts).toEqual(['{"n": 1.0}', '{"n":2}'])
    stop()
    await ended
    await aws.publishTo(topic, '{"n":3}')
    const whole = new Sink()
    await start(url, sourceContext(whole, { limits: { ...limits, eventBytes: 10_000 } }), '&read=body')
    await until(() => whole.events.length === 1)
    expect(JSON.parse(whole.texts[0]!)).toMatchObject({ Type: 'Notification', Message: '{"n":3}' })
  })
})

it('a message is kept from other receivers while its events are evaluated, and given back when they fail', async () => {
  const calls: { action: string; parameters: Record<string, unknown> }[] = []
  let received = 0
  const service = await listen(async (request, body) => {
    const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '')
    calls.push({ action, parameters: JSON.parse(body) as Record<string, unknown> })
    const Messages = [{ MessageId: 'm', ReceiptHandle: 'r', Body: '{"n":1}' }]
    const isFirst = action === 'ReceiveMessage' && received++ === 0
    return { status: 200, body: JSON.stringify(isFirst ? { Messages } : {}) }
  })
  stops.push(() => service.close())
  const sink = new Sink()
  sink.isHeld = true
  const clock = manualClock()
  const endpoint = encodeURIComponent(service.url)
  const source = await openSource(`sqs:http://queue/1/q?region=us-east-1&receivers=1&endpoint=${endpoint}`)
  const ended = source.run(sourceContext(sink, { limits, clock }))
  ended.catch(() => {})
  await until(() => sink.events.length === 1)
  const kept = () => calls.filter(({ action }) => action === 'ChangeMessageVisibilityBatch')
  for (let times = 1; times <= 2; times++) {
    await until(() => {
      if (kept().length < times) clock.advance(100_000)
      return kept().length >= times
    })
  }
  sink.emitted[0]!.fail(new Error('the disk is full'))
  await expect(ended).rejects.toThrow('the disk is full')
  const Entries = (VisibilityTimeout: number) => [{ Id: '0', ReceiptHandle: 'r', VisibilityTimeout }]
  const seen = kept().map(({ parameters }) => parameters.Entries)
  expect(seen.slice(0, 2)).toEqual([Entries(300), Entries(300)])
  expect(seen.at(-1)).toEqual(Entries(0))
  expect(calls.map(({ action }) => action)).not.toContain('DeleteMessageBatch')
})

describe('the queue', () => {
  it('that is not there is an error that names what to check', async () => {
    const { ended } = await start(
      'http://sqs.us-east-1.localhost/000000000000/none',
      sourceContext(new Sink()),
    )
    await expect(ended).rejects.toMatchObject({
      code: 'unreadable-source',
      message: expect.stringContaining('QueueDoesNotExist') as unknown,
      hint: expect.stringContaining('sqs:ReceiveMessage') as unknown,
    })
  })

  it('that does not answer is tried again', async () => {
    const service = await listen(() => Promise.reject(new Error('closed')))
    stops.push(() => service.close())
    const source = await openSource(`sqs:${service.url}/1/q?region=us-east-1`)
    const ended = source.run(sourceContext(new Sink()))
    await expect(ended).rejects.toThrow(/^127\.0\.0\.1:\d+ does not answer: other side closed$/)
    await expect(ended).rejects.not.toHaveProperty('hint')
  })

  it('whose messages go to a dead-letter queue soon gets a warning', async () => {
    const warnings: object[] = []
    const log = { ...nullLog, warn: (fields: object) => void warnings.push(fields) }
    const deadLetterTargetArn = 'arn:aws:sqs:us-east-1:000000000000:queue-1'
    await freshQueue()
    const { url } = await freshQueue({
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 }),
    })
    await start(url, sourceContext(new Sink(), { log }))
    await until(() => warnings.length > 0)
    expect(warnings).toMatchObject([{ maxReceiveCount: 3 }])
  })

  it.each([
    ['sqs:queue', 'invalid URL "queue"'],
    ['sqs:https://x/q?receivers=0', 'invalid receivers "0"'],
    ['sqs:https://x/q?read=s3', 'invalid read "s3"'],
    ['sqs:https://x/q?externalId=1', 'externalId requires roleArn'],
    ['sqs:https://x/q?endpoint=x', 'invalid URL "x"'],
    ['sqs:https://x/q?objectEndpoint=x', 'invalid URL "x"'],
    ['sqs:https://x/q?objectBytes=1e9', 'invalid objectBytes "1e9"'],
  ])('%s is refused', async (from, message) => {
    await expect(openSource(from)).rejects.toThrow(message)
  })

  it.each([
    'sqs:https://ann:hunter2@x/q',
    'sqs:https://x/q?endpoint=https://ann:hunter2@y',
    'sqs:https://x/q?objectEndpoint=https://ann:hunter2@y',
  ])('a password in a URL is refused and not quoted: %s', async (from) => {
    const refusal = await openSource(from).then(
      () => 'accepted',
      (error: Error) => error.message,
    )
    expect(refusal).toBe('a URL of the source sqs contains a user or a password')
  })
})
