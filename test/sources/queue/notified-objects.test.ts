/** Objects of S3 that messages of a queue name: a real store and an emulator of S3, SNS and SQS. */
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/model/ports.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { type AwsFake, startAws, withAwsCredentials } from '../../support/aws.ts'
import { type ManualClock, manualClock } from '../../support/clock.ts'
import { Ledger } from '../../support/partition-member.ts'
import { describeWithPostgres } from '../../support/postgres.ts'
import { type QueueMember, type QueueMemberOptions, startQueueMember } from '../../support/queue-member.ts'
import { until } from '../../support/until.ts'

withAwsCredentials()

const LEASE_MS = 10_000
let aws: AwsFake
beforeAll(async () => {
  aws = await startAws()
  await aws.createBucket('trail')
})
afterAll(() => aws.close())

let store: Store
let clock: ManualClock
let ledger: Ledger
let members: QueueMember[]
let queue: { name: string; url: string }
let count = 0
beforeEach(async () => {
  aws.objectRequests.length = 0
  clock = manualClock()
  store = await openStore('memory:', { clock, projectRoot: '/' })
  ledger = new Ledger()
  members = []
  const name = `objects-${++count}`
  queue = { name, url: await aws.createQueue(name) }
})
afterEach(async () => {
  aws.answerObjects(null)
  for (const member of members) member.letGo()
  await Promise.all(members.map((member) => member.stop().catch(() => {})))
  await store.close()
})

async function start(query = 'buckets=trail', more: Partial<QueueMemberOptions> = {}) {
  const url = encodeURIComponent(aws.url)
  const endpoints = `endpoint=${url}&objectEndpoint=${url}`
  const receivers = query.includes('receivers') ? '' : '&receivers=1'
  const from = `sqs:${queue.url}?region=us-east-1&${endpoints}${receivers}${query === '' ? '' : `&${query}`}`
  const member = await startQueueMember({ from, store, ledger, ...more })
  members.push(member)
  return member
}

const encodedKey = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
const record = (key: string, etag: string, bucket = 'trail') => ({
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: bucket }, object: { key: encodedKey(key), eTag: etag } },
})
const direct = (key: string, etag: string, bucket?: string) =>
  JSON.stringify({ Records: [record(key, etag, bucket)] })

async function put(key: string, content: string | Buffer, headers = {}): Promise<string> {
  const etag = await aws.putObject('trail', key, content, headers)
  await aws.sendTo(queue.url, direct(key, etag))
  return `s3:trail/${key}@${etag}`
}

const isEmpty = () => until(async () => (await aws.countIn(queue.name)) === 0, { what: 'an empty queue' })
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `{"n":${from + n}}`)
const textsOf = (partition: string) => ledger.committed.get(partition)
const errors = (member: QueueMember) =>
  member.log.lines.flatMap(({ level, message }) => (level === 'error' ? [message] : []))

describe('a notification', () => {
  it.each([
    ['direct', (key: string, etag: string) => aws.sendTo(queue.url, direct(key, etag))],
    [
      'through SNS',
      async (key: string, etag: string) =>
        aws.publishTo(await aws.createTopic(`topic-${queue.name}`, queue.name, false), direct(key, etag)),
    ],
    [
      'of EventBridge',
      (key: string, etag: string) =>
        aws.sendTo(
          queue.url,
          JSON.stringify({
            source: 'aws.s3',
            'detail-type': 'Object Created',
            detail: { bucket: { name: 'trail' }, object: { key, etag } },
          }),
        ),
    ],
  ])('%s has its object read, and is deleted then', async (_what, notify) => {
    const key = "AWS Logs/a+b=c/ü 'x' (1)!*.json"
    const etag = await aws.putObject('trail', key, '{"n":1}\n{"n":2}\n')
    await notify(key, etag)
    await start()
    await isEmpty()
    expect(textsOf(`s3:trail/${key}@${etag}`)).toEqual(['{"n":1}', '{"n":2}'])
    expect(aws.faults).toEqual([])
    // A finished object is not listed.
    expect(await store.partitions()).toEqual([])
  })

  it('of a test, of a removal or of an excluded key is deleted and nothing is read', async () => {
    await aws.sendTo(queue.url, JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' }))
    const removal = { ...record('a', 'e'), eventName: 'ObjectRemoved:Delete' }
    await aws.sendTo(queue.url, JSON.stringify({ Records: [removal] }))
    await aws.sendTo(queue.url, direct('AWSLogs/1/CloudTrail-Digest/x.json.gz', 'e'))
    await start('buckets=tr*')
    await isEmpty()
    expect(aws.objectRequests).toEqual([])
    expect([ledger.texts, ledger.rejects]).toEqual([[], []])
  })

  it('is read where include matches its key and exclude does not', async () => {
    const wanted = await put('app/a.json', '{"n":1}')
    await put('app/skip/b.json', '{"n":2}')
    await put('web/c.json', '{"n":3}')
    await start('buckets=trail&include=app/*,db/*&exclude=*/skip/*')
    await isEmpty()
    expect([...ledger.committed]).toEqual([[wanted, ['{"n":1}']]])
  })

  it('whose bucket the source does not name stays in the queue, and nothing is read', async () => {
    await aws.sendTo(queue.url, direct('a', 'e'))
    const member = await start('')
    await until(() => errors(member).length > 0)
    expect(errors(member)[0]).toContain('the source has no buckets, so no object is read')
    await member.stop()
    const other = await start('buckets=audit-*,logs')
    await aws.returnReceived()
    await until(() => errors(other).length > 0)
    expect(errors(other)[0]).toContain('the bucket is not among the buckets of the source')
    expect(aws.objectRequests).toEqual([])
    expect(await aws.countIn(queue.name)).toBe(1)
  })

  it('that leads to another object by its path is a reject', async () => {
    await aws.createBucket('secret')
    await aws.putObject('secret', 'a', '{"secret":1}')
    await aws.sendTo(queue.url, direct('../secret/a', 'e'))
    await start('buckets=trail')
    await isEmpty()
    expect(ledger.rejects).toEqual([
      's3:trail/../secret/a@e: the object is gone: a URL cannot contain its key',
    ])
    expect([aws.objectRequests, ledger.texts]).toEqual([[], []])
  })

  it('that is invalid is a reject', async () => {
    await aws.sendTo(queue.url, JSON.stringify({ Records: [record('a', 'e', 'no/bucket')] }))
    await start()
    await isEmpty()
    expect(ledger.rejects).toEqual([
      expect.stringMatching(/^message [\w-]+, event 1: invalid notification .* name of the bucket/),
    ])
  })
})

describe('an object', () => {
  it.each([
    ['lines', '{"n":1}\n{"n":2}\n', ''],
    ['a list', '[{"n":1},\n{"n":2}]', ''],
    ['a container', '{"Records":[{"n":1},{"n":2}]}', '&unwrap=Records'],
  ])('with %s is framed, compressed or not', async (_what, text, unwrap) => {
    const plain = await put(`plain ${unwrap}`, text)
    const gzip = await put(`gzip ${unwrap}`, gzipSync(text))
    // S3 returns the encoding with which an object was stored, and CloudTrail stores one.
    const encoded = await put(`encoded ${unwrap}`, gzipSync(text), { 'content-encoding': 'gzip' })
    await start(`buckets=trail${unwrap}`)
    await isEmpty()
    for (const name of [plain, gzip, encoded]) expect(textsOf(name)).toEqual(['{"n":1}', '{"n":2}'])
  })

  it('without events is done', async () => {
    await put('blank', ' \n')
    await put('empty.gz', gzipSync(''))
    await start()
    await isEmpty()
    expect([ledger.texts, ledger.rejects]).toEqual([[], []])
    expect(await store.partitions()).toEqual([])
  })

  it('that two notifications name is read once', async () => {
    const name = await put('twice', numbered(0, 30).join('\n'))
    await put('twice', numbered(0, 30).join('\n'))
    await start()
    await isEmpty()
    expect(textsOf(name)).toEqual(numbered(0, 30))
  })

  it('that is overwritten is another one', async () => {
    const first = await put('over', '{"n":1}')
    const member = await start()
    await isEmpty()
    const second = await put('over', '{"n":2}')
    await isEmpty()
    await member.stop()
    expect([textsOf(first), textsOf(second)]).toEqual([['{"n":1}'], ['{"n":2}']])
  })

  it.each([
    ['plain', (text: string) => text, /^bytes=[1-9]\d*-$/],
    ['compressed', (text: string) => gzipSync(text), undefined],
  ])('%s is read on by the next member after a kill', async (what, content, range) => {
    const name = await put(`killed ${what}`, content(numbered(0, 500).join('\n')))
    const first = await start()
    first.hold()
    await until(() => first.held() > 0)
    // Some batches are committed, others are under way.
    first.letGo()
    await until(() => (textsOf(name)?.length ?? 0) >= 10)
    first.kill()
    members = []
    clock.advance(LEASE_MS)
    await aws.returnReceived()
    // The commit that had begun at the kill has ended by now.
    const read = textsOf(name)!.length
    await start('buckets=trail')
    await isEmpty()
    expect(textsOf(name)).toEqual(numbered(0, 500))
    if (read < 500) expect(aws.objectRequests.at(-1)!.range ?? 'none').toMatch(range ?? /^none$/)
  })

  it.each([
    ['plain', (text: string) => text],
    ['cut', (text: string) => gzipSync(text).subarray(0, -8)],
  ])('%s is not read again after a kill behind its last commit', async (what, content) => {
    const name = await put(`last ${what}`, content(`${numbered(0, 50).join('\n')}\n`))
    const first = await start('buckets=trail', { diesBeforeFinish: true })
    members = []
    await until(() => first.isDead())
    first.kill()
    const rejects = [...ledger.rejects]
    clock.advance(LEASE_MS)
    await aws.returnReceived()
    await start()
    await isEmpty()
    expect(textsOf(name)).toEqual(numbered(0, 50))
    expect(ledger.rejects).toEqual(rejects)
    expect(aws.objectRequests).toHaveLength(1)
  })

  it('that another member reads is left to it, and its message stays', async () => {
    const name = await put('held', numbered(0, 20).join('\n'))
    const first = await start()
    first.hold()
    await until(() => first.held() > 0)
    await aws.sendTo(queue.url, direct('held', name.split('@')[1]!))
    const second = await start('buckets=trail')
    await until(async () => (await aws.bodiesIn(queue.name)).length === 0)
    await second.stop()
    expect(aws.objectRequests).toHaveLength(1)
    expect(await aws.countIn(queue.name)).toBe(2)
    first.letGo()
    await until(async () => (await aws.countIn(queue.name)) === 1)
    expect(textsOf(name)).toEqual(numbered(0, 20))
  })
})

describe('two members', () => {
  it('of which the first is late count each event once', async () => {
    const name = await put('late', numbered(0, 300).join('\n'))
    const first = await start()
    first.hold()
    await until(() => first.held() > 0)
    clock.advance(LEASE_MS)
    await aws.returnReceived()
    const second = await start()
    await until(() => textsOf(name)?.length === 300)
    first.letGo()
    await Promise.all([first.stop(), second.stop()])
    expect(first.log.lines.map(({ message }) => message)).toContain('another daemon took the partition')
    await aws.returnReceived()
    await start()
    await isEmpty()
    expect(textsOf(name)).toEqual(numbered(0, 300))
  })
})

describeWithPostgres('two members on PostgreSQL', (server) => {
  it('with one queue count the events of each object once', async () => {
    const url = server().url()
    const one = await openStore(url, { clock: systemClock, projectRoot: '/' })
    const two = await openStore(url, { clock: systemClock, projectRoot: '/' })
    await one.join({ name: 'one', hostId: 'first' })
    await two.join({ name: 'two', hostId: 'second' })
    const names: string[] = []
    for (let n = 0; n < 12; n++) {
      const name = await put(`shared ${n}`, gzipSync(numbered(0, 100).join('\n')))
      // Amazon delivers some messages twice.
      await aws.sendTo(queue.url, direct(`shared ${n}`, name.split('@')[1]!))
      names.push(name)
    }
    const query = 'buckets=trail&receivers=3'
    await Promise.all([start(query, { store: one, name: 'one' }), start(query, { store: two, name: 'two' })])
    await until(() => names.every((name) => textsOf(name)?.length === 100))
    await Promise.all(members.map((member) => member.stop()))
    await aws.returnReceived()
    await start(query, { store: two })
    await isEmpty()
    for (const name of names) expect(textsOf(name)).toEqual(numbered(0, 100))
    for (const member of members) await member.stop()
    for (const each of [one, two]) await each.close()
  })
})

describe('a broken object', () => {
  it('that is cut gives its sound events and one reject', async () => {
    const whole = gzipSync(numbered(0, 1_000).join('\n'))
    const name = await put('cut', whole.subarray(0, whole.length - 400))
    await start()
    await isEmpty()
    const texts = textsOf(name)!
    expect(texts.length).toBeGreaterThan(10)
    expect(texts).toEqual(numbered(0, texts.length))
    expect(ledger.rejects).toEqual([
      expect.stringContaining('the gzip data is corrupt: unexpected end of file'),
    ])
    expect(await store.partitions()).toEqual([])
  })

  it('with a broken list gives its sound events and one reject', async () => {
    const name = await put('list', '[{"n":1},{"n":2},{"n":')
    await start()
    await isEmpty()
    expect(textsOf(name)).toEqual(['{"n":1}', '{"n":2}'])
    expect(ledger.rejects).toEqual([expect.stringMatching(/^s3:trail\/list@\w+: line 1, item 3, byte 17: /)])
  })

  it('is not gone because a message gives its version another ETag', async () => {
    await aws.putObject('trail', 'versioned', '{"n":1}')
    const named = record('versioned', 'another')
    const object = { ...named.s3.object, versionId: 'v1' }
    await aws.sendTo(queue.url, JSON.stringify({ Records: [{ ...named, s3: { ...named.s3, object } }] }))
    await start()
    await isEmpty()
    expect(textsOf('s3:trail/versioned@v1')).toEqual(['{"n":1}'])
    expect(ledger.rejects).toEqual([])
  })

  it('that is gone or was overwritten is one reject', async () => {
    await aws.sendTo(queue.url, direct('gone', 'e'))
    const etag = await aws.putObject('trail', 'new', '{"n":1}')
    await aws.sendTo(queue.url, direct('new', `${etag}0`))
    await start()
    await isEmpty()
    expect(ledger.rejects).toEqual([
      expect.stringContaining('s3:trail/gone@e: the object is gone: NoSuchKey'),
      expect.stringContaining('the object is gone: PreconditionFailed'),
    ])
    expect(ledger.texts).toEqual([])
  })

  it('that exceeds objectBytes ends there with a reject, also when it is compressed', async () => {
    const text = numbered(0, 100).join('\n')
    const names = [await put('large', text), await put('large.gz', gzipSync(text))]
    await start('buckets=trail&objectBytes=40')
    await isEmpty()
    for (const name of names) expect(textsOf(name)).toEqual(numbered(0, 5))
    expect(ledger.rejects).toEqual(
      names.map(() => expect.stringContaining('the object exceeds 40 bytes, and the rest of it is not read')),
    )
  })

  it('that is refused stays in the queue and raises one alert for its bucket', async () => {
    const body = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'
    aws.answerObjects(() => ({ status: 403, body }))
    const name = await put('denied', '{"n":1}')
    const member = await start('buckets=trail')
    for (let receives = 1; receives <= 4; receives++) {
      const refused = () => errors(member).filter((message) => message === 'an object is refused').length
      await until(() => refused() >= receives)
      await until(async () => (await aws.bodiesIn(queue.name)).length === 0)
      await aws.returnReceived()
    }
    await until(() => ledger.findings.length > 0)
    expect(ledger.findings).toMatchObject([
      { code: 'PartitionStopped', context: { message: 'AccessDenied: no', at: name } },
    ])
    expect(await store.partitions()).toMatchObject([
      { source: name, member: null, problem: 'AccessDenied: no' },
    ])
    expect([ledger.rejects, await aws.countIn(queue.name)]).toEqual([[], 1])
    aws.answerObjects(null)
    await aws.returnReceived()
    await isEmpty()
    expect(textsOf(name)).toEqual(['{"n":1}'])
  })

  it('of a busy bucket is read later, from where reading was', async () => {
    let busy = 0
    const body = '<Error><Code>SlowDown</Code></Error>'
    aws.answerObjects(() => (busy++ < 2 ? { status: 503, body } : null))
    const name = await put('busy', numbered(0, 20).join('\n'))
    const time = manualClock()
    await start('buckets=trail', { clock: time })
    await until(async () => {
      time.advance(1_000)
      return (await aws.countIn(queue.name)) === 0
    })
    expect(textsOf(name)).toEqual(numbered(0, 20))
    expect(aws.objectRequests).toHaveLength(3)
  })

  it('whose connection is cut is read on, because that is no end of the object', async () => {
    const text = numbered(0, 200).join('\n')
    let isCut = false
    aws.answerObjects(() => {
      if (isCut) return null
      isCut = true
      const headers = { 'content-length': String(text.length) }
      return { status: 200, body: text.slice(0, 1_000), headers, isCut }
    })
    const name = await put('connection', text)
    const time = manualClock()
    await start('buckets=trail', { clock: time })
    await until(async () => {
      time.advance(1_000)
      return (await aws.countIn(queue.name)) === 0
    })
    expect(textsOf(name)).toEqual(numbered(0, 200))
    expect(aws.objectRequests.map(({ range }) => range !== undefined)).toEqual([false, true])
    expect(ledger.rejects).toEqual([])
  })
})
