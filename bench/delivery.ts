/** Delivery: from the commit that accepts an alert to its arrival, and how many go out in a second. SQLite in a file. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../src/model/ports.ts'
import { openStore } from '../src/store/open.ts'
import { alert, delivery, expecting, plan } from '../test/support/store-rows.ts'
import { type Receiver, startReceiver } from './alert-receiver.ts'
import { type DeliveryHarness, openDeliveryHarness } from './delivery-harness.ts'
import { type BenchContext, type Figure, type Measurement, quantile } from './figure.ts'

const ALERTS_PER_SECOND = 200
const MANY_DESTINATIONS = 10
/** Alerts per second that go to each of them. */
const SHARED_PACE = 20
/** Alerts per second to each of them in a storm. */
const STORM_PACE = 100
/** The concurrency of the measurements with a high one. */
const WIDE = 64

async function measure({ quick, progress }: BenchContext): Promise<Figure[]> {
  const repetitions = quick ? 3 : 5
  const receiver = await startReceiver()
  try {
    const p50: number[] = []
    const p99: number[] = []
    const toOne: number[] = []
    const toOneWide: number[] = []
    const toMany: number[] = []
    const besideFailing: number[] = []
    const besideStorm: number[] = []
    const claims: number[] = []
    const syncs: number[] = []
    // The first round warms up.
    for (let round = 0; round <= repetitions; round++) {
      progress(`round ${round + 1} of ${repetitions + 1}`)
      const seconds = quick ? 2 : 5
      const waits = await waitsAtPace(receiver, [receiver.url], ALERTS_PER_SECOND, seconds)
      const one = await drainRate(receiver, 1, quick ? 1_000 : 5_000)
      const oneWide = await drainRate(receiver, 1, quick ? 1_000 : 5_000, WIDE)
      const many = await drainRate(receiver, MANY_DESTINATIONS, quick ? 100 : 500)
      const ratio = await othersBeside(receiver, 'fails', SHARED_PACE, seconds)
      const stormRatio = await othersBeside(receiver, 'waits', STORM_PACE, seconds)
      const claim = await claimMs(quick ? 20_000 : 100_000)
      const sync = syncMs()
      if (round === 0) continue
      syncs.push(sync)
      p50.push(quantile(waits, 0.5))
      p99.push(quantile(waits, 0.99))
      toOne.push(one)
      toOneWide.push(oneWide)
      besideFailing.push(ratio)
      besideStorm.push(stormRatio)
      claims.push(claim)
      toMany.push(many)
    }
    const pace = `at ${ALERTS_PER_SECOND} alerts/s`
    return [
      { name: 'one sync of the disk below the store', unit: 'ms', samples: syncs },
      { name: `accepted to sent, p50, ${pace}`, unit: 'ms', samples: p50, reach: { atMost: 20 } },
      { name: `accepted to sent, p99, ${pace}`, unit: 'ms', samples: p99, reach: { atMost: 100 } },
      {
        name: 'backlog to one destination',
        unit: 'deliveries/s',
        samples: toOne,
        reach: { atLeast: 3_000 },
      },
      {
        name: `backlog to one destination, concurrency ${WIDE}`,
        unit: 'deliveries/s',
        samples: toOneWide,
        reach: { atLeast: 3_000 },
      },
      { name: `backlog to ${MANY_DESTINATIONS} destinations`, unit: 'deliveries/s', samples: toMany },
      {
        name: `p99 of nine destinations while a tenth fails, to that while it works`,
        unit: '',
        samples: besideFailing,
        reach: { atMost: 1.5 },
      },
      {
        name: `the same in a storm of ${STORM_PACE} alerts/s, to which the tenth answers 429`,
        unit: '',
        samples: besideStorm,
        reach: { atMost: 1.5 },
      },
      {
        name: `a claim while ${quick ? '20,000' : '100,000'} deliveries wait`,
        unit: 'ms',
        samples: claims,
        reach: { atMost: 1 },
      },
    ]
  } finally {
    await receiver.close()
  }
}

/** Milliseconds from commit to arrival, one per alert and destination that works. */
async function waitsAtPace(
  receiver: Receiver,
  urls: readonly string[],
  perSecond: number,
  seconds: number,
): Promise<number[]> {
  return withFixture(urls, async (fixture) => {
    const total = perSecond * seconds
    const startedAt = performance.now()
    await fixture.delivery.start()
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * perSecond))
      // The call is not awaited, because events come at their own rate, whatever a commit takes.
      while (sent < due) void fixture.accept(1, sent++)
      await sleep(1)
    }
    const working = urls.filter((url) => !/\/(?:fails|waits)$/.test(url)).length
    const arrivals = await receiver.take(total * working)
    return arrivals.map(({ alertId, at }) => at - fixture.acceptedAt.get(alertId)!)
  })
}

/** Measures how much longer nine destinations wait while a tenth answers with an error. */
async function othersBeside(
  receiver: Receiver,
  refusal: 'fails' | 'waits',
  pace: number,
  seconds: number,
): Promise<number> {
  const others = Array.from({ length: MANY_DESTINATIONS - 1 }, (_, i) => `${receiver.url}${i}`)
  const p99 = async (tenth: string) =>
    quantile(await waitsAtPace(receiver, [`${receiver.url}${tenth}`, ...others], pace, seconds), 0.99)
  const [beside, alone] = [await p99(refusal), await p99('works')]
  return beside / alone
}

/** Returns the milliseconds of a claim of one delivery while so many of its destination are not due yet. */
async function claimMs(waiting: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const store = await openStore('sqlite:bench.db', { clock: systemClock, projectRoot: folder })
  const now = Date.now()
  const one = alert('a1')
  for (let from = 0; from < waiting; from += 1_000) {
    const deliveries = Array.from({ length: 1_000 }, (_, i) =>
      delivery(`waits-${from + i}`, { due: now + 3_600_000 + from + i, createdAt: now }),
    )
    await store.commit(plan({ alerts: from === 0 ? [one] : [], deliveries }), expecting())
  }
  const due = Array.from({ length: 200 }, (_, i) => delivery(`due-${i}`, { due: now, createdAt: now }))
  await store.commit(plan({ deliveries: due }), expecting())
  const startedAt = performance.now()
  for (const _ of due) await store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 60_000 })
  const each = (performance.now() - startedAt) / due.length
  await store.close()
  rmSync(folder, { recursive: true, force: true })
  return each
}

/** Returns the deliveries per second of a backlog, from the start of delivery until the last outcome is recorded. */
async function drainRate(
  receiver: Receiver,
  destinations: number,
  alerts: number,
  concurrency?: number,
): Promise<number> {
  const drain = async (fixture: DeliveryHarness) => {
    const perBatch = 100
    for (let from = 0; from < alerts; from += perBatch) await fixture.accept(perBatch, from)
    const total = alerts * destinations
    const startedAt = performance.now()
    await fixture.delivery.start()
    await fixture.delivery.drain(120_000)
    const seconds = (performance.now() - startedAt) / 1_000
    const { delivered } = await fixture.store.countDeliveries(['delivered'])
    if (delivered !== total) throw new Error(`${delivered} of ${total} were delivered`)
    await receiver.take(total)
    return total / seconds
  }
  return withFixture(Array<string>(destinations).fill(receiver.url), drain, concurrency)
}

async function withFixture<T>(
  urls: readonly string[],
  work: (fixture: DeliveryHarness) => Promise<T>,
  concurrency?: number,
) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const fixture = await openDeliveryHarness(folder, urls, concurrency)
  try {
    return await work(fixture)
  } finally {
    await fixture.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the median duration of a sync in milliseconds, for which every transaction waits. */
function syncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const file = openSync(join(folder, 'synced'), 'w')
  const samples = Array.from({ length: 25 }, () => {
    writeSync(file, Buffer.alloc(4_096))
    const startedAt = performance.now()
    fsyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  rmSync(folder, { recursive: true, force: true })
  return quantile(samples, 0.5)
}

export default { title: 'Delivery', measure } satisfies Measurement
