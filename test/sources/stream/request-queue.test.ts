/** The order in which requests are emitted, which ones the queue refuses, and what is dropped. */
import { describe, expect, it } from 'vitest'
import type { FramedEvent, SourceContext } from '../../../src/sources/_source.ts'
import { RequestQueue } from '../../../src/sources/stream/request-queue.ts'
import { manualClock } from '../../support/clock.ts'
import { Sink } from '../../support/source.ts'
import { until } from '../../support/until.ts'

const eventsOf = (name: string, count: number): FramedEvent[] =>
  Array.from({ length: count }, (_, n) => ({ raw: `${name}${n}`, position: `${n}` }))

function queueOver(sink: Sink) {
  const clock = manualClock()
  const queue = new RequestQueue({ emit: (batch) => sink.emit(batch), clock })
  const send = (
    client: string,
    count: number,
    { name = client, signal = new AbortController().signal } = {},
  ) => {
    const result = queue.settle(client, eventsOf(name, count), signal)
    result.catch(() => {})
    return result
  }
  return { clock, queue, send }
}

/** The names of the requests of which batches were emitted, in order. */
const order = (sink: Sink) => sink.emitted.map(({ batch }) => batch[0]!.raw.replace(/\d+$/, ''))

async function settleAll(sink: Sink): Promise<void> {
  for (let next = 0; sink.inFlight > 0; next++) {
    sink.emitted[next]!.settle()
    await new Promise(setImmediate)
  }
}

describe('the order of requests', () => {
  it('requests are handled in the order of their arrival, each as a whole', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { send } = queueOver(sink)
    const results = [
      send('a', 1_500, { name: 'first ' }),
      send('a', 1_500, { name: 'second ' }),
      send('a', 200, { name: 'third ' }),
    ]
    expect(order(sink).every((name) => name === 'first ' || name === 'second ')).toBe(true)
    await settleAll(sink)
    expect((await Promise.all(results)).map((result) => result.length)).toEqual([1_500, 1_500, 200])
    const names = order(sink)
    expect(names).toEqual([...names].sort((x, y) => (x === y ? 0 : x < y ? -1 : 1)))
  })

  it('each request has a lane that keeps its order, and four requests in a row have different lanes', async () => {
    const sink = new Sink()
    const lanes = new Map<string, Set<number | undefined>>()
    const emit: SourceContext['emit'] = (batch, options) => {
      const request = batch[0]!.raw.split(' ')[0]!
      lanes.set(request, new Set([...(lanes.get(request) ?? []), options?.lane]))
      return sink.emit(batch)
    }
    const queue = new RequestQueue({ emit, clock: manualClock() })
    const { signal } = new AbortController()
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await queue.settle('client', eventsOf(`${name} `, 500), signal)
    const used = [...lanes.values()].map((each) => [...each])
    expect(used.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1])
    expect(new Set(used.flat().slice(0, 4)).size).toBe(4)
    expect(used[4]).toEqual(used[0])
  })

  it('every client gets its turn, however many requests one of them has waiting', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { send } = queueOver(sink)
    const flood = Array.from({ length: 6 }, (_, n) => send('flood', 2_000, { name: `flood ${n} #` }))
    const late = send('late', 1, { name: 'late #' })
    await settleAll(sink)
    await Promise.all([...flood, late])
    const turns = [...new Set(order(sink))]
    expect(turns.indexOf('late #')).toBeLessThanOrEqual(2)
  })
})

describe('a client that goes away', () => {
  it('nothing is emitted of a request that did not begin before its client left', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { send } = queueOver(sink)
    const gone = new AbortController()
    const first = send('a', 2_000, { name: 'first ' })
    const dropped = send('a', 2_000, { name: 'dropped ', signal: gone.signal })
    const last = send('a', 100, { name: 'last ' })
    gone.abort()
    expect(await dropped).toBe('gone')
    await settleAll(sink)
    await Promise.all([first, last])
    expect(new Set(order(sink))).toEqual(new Set(['first ', 'last ']))
  })

  it('batches in flight are settled when the client leaves, and no others are emitted', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { send } = queueOver(sink)
    const gone = new AbortController()
    const dropped = send('a', 10_000, { signal: gone.signal })
    const next = send('b', 10)
    const begun = sink.events.length
    gone.abort()
    expect(await dropped).toBe('gone')
    await settleAll(sink)
    expect((await next).length).toBe(10)
    expect(sink.events).toHaveLength(begun + 10)
  })

  it('the request of a client that leaves before its turn is not queued', async () => {
    const { send } = queueOver(new Sink())
    expect(await send('a', 1, { signal: AbortSignal.abort() })).toBe('gone')
  })
})

describe('a request of which a batch could not be committed', () => {
  it('only the request of which a batch could not be committed fails, and its other batches do not begin', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { send } = queueOver(sink)
    const bad = send('a', 10_000, { name: 'bad ' })
    const good = send('b', 10, { name: 'good ' })
    const begun = sink.events.length
    sink.emitted[0]!.fail(new Error('the disk is full'))
    await expect(bad).rejects.toThrow('the disk is full')
    for (const one of sink.emitted.slice(1)) one.settle()
    await until(() => order(sink).includes('good '))
    await settleAll(sink)
    expect((await good).length).toBe(10)
    expect(sink.events).toHaveLength(begun + 10)
  })
})

describe('closing', () => {
  it('closing refuses requests that have not begun and waits for those that have', async () => {
    const sink = new Sink()
    sink.isHeld = true
    const { queue, send } = queueOver(sink)
    const begun = send('a', 3_000)
    const waiting = send('a', 10)
    let isClosed = false
    const closed = queue.close().then(() => {
      isClosed = true
    })
    expect(await waiting).toBe('refused')
    expect(isClosed).toBe(false)
    await settleAll(sink)
    expect((await begun).length).toBe(3_000)
    await closed
  })
})

describe('how long a client would wait', () => {
  /** Returns a queue that has measured the given rate of settled events per second. */
  async function learnt(perSecond: number) {
    const sink = new Sink()
    sink.isHeld = true
    const parts = queueOver(sink)
    const settled = parts.send('measured', 20_000)
    for (let next = 0; sink.inFlight > 0; next++) {
      const one = sink.emitted[next]!
      parts.clock.advance((one.batch.length / perSecond) * 1_000)
      one.settle()
      await new Promise(setImmediate)
    }
    await settled
    sink.emitted.length = 0
    return { sink, ...parts }
  }

  it('the wait is zero while no request waits', async () => {
    const { queue } = await learnt(1)
    expect(queue.retryAfterSeconds('a')).toBeNull()
  })

  it('the wait is computed from the events in progress and the measured rate', async () => {
    const { queue, send } = await learnt(100)
    for (let n = 0; n < 5; n++) void send('a', 200)
    expect(queue.retryAfterSeconds('a')).toBeNull()
    for (let n = 0; n < 5; n++) void send('a', 200)
    // 2,000 events come before the next request, which takes 20 s, and half of the accepted 10 s must remain.
    expect(queue.retryAfterSeconds('a')).toBe(15)
  })

  it('the wait is short for a client that has its turn soon', async () => {
    const { queue, send } = await learnt(100)
    for (let n = 0; n < 20; n++) void send('flood', 200)
    expect(queue.retryAfterSeconds('flood')).not.toBeNull()
    expect(queue.retryAfterSeconds('other')).toBeNull()
  })

  it('grows while nothing is settled, and is never said to be longer than half a minute', async () => {
    const { queue, send, clock } = await learnt(1_000)
    for (let n = 0; n < 5; n++) void send('a', 1_000)
    expect(queue.retryAfterSeconds('a')).toBeNull()
    clock.advance(3_600_000)
    expect(queue.retryAfterSeconds('a')).toBe(30)
  })

  it('few events are emitted at once if events take long, because emitted events cannot be dropped', async () => {
    const { sink, send } = await learnt(10)
    void send('a', 2_000)
    expect(sink.inFlight).toBe(4)
  })
})
