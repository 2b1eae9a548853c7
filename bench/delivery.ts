/** Delivery: from the commit that accepts an alert to its arrival, and how many go out in a second. SQLite in a file. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type DeliveryHouse, openDeliveryHouse } from './delivery-house.ts'
import type { Arrival } from './delivery-receiver.ts'
import { type BenchContext, type Figure, type Measurement, quantile } from './figure.ts'

const ALERTS_PER_SECOND = 200
const MANY_DESTINATIONS = 10

async function measure({ quick, progress }: BenchContext): Promise<Figure[]> {
  const repetitions = quick ? 3 : 5
  const receiver = await startReceiver()
  try {
    const p50: number[] = []
    const p99: number[] = []
    const toOne: number[] = []
    const toMany: number[] = []
    const syncs: number[] = []
    // The first round warms up.
    for (let round = 0; round <= repetitions; round++) {
      progress(`round ${round + 1} of ${repetitions + 1}`)
      const waits = await waitsAtPace(receiver, quick ? 2 : 5)
      const one = await drainRate(receiver, 1, quick ? 1_000 : 5_000)
      const many = await drainRate(receiver, MANY_DESTINATIONS, quick ? 100 : 500)
      const sync = syncMs()
      if (round === 0) continue
      syncs.push(sync)
      p50.push(quantile(waits, 0.5))
      p99.push(quantile(waits, 0.99))
      toOne.push(one)
      toMany.push(many)
    }
    const pace = `at ${ALERTS_PER_SECOND} alerts/s`
    return [
      { name: 'one sync of the disk below the store', unit: 'ms', samples: syncs },
      { name: `accepted to sent, p50, ${pace}`, unit: 'ms', samples: p50, reach: { atMost: 20 } },
      { name: `accepted to sent, p99, ${pace}`, unit: 'ms', samples: p99, reach: { atMost: 100 } },
      { name: 'backlog to one destination', unit: 'deliveries/s', samples: toOne, reach: { atLeast: 3_000 } },
      { name: `backlog to ${MANY_DESTINATIONS} destinations`, unit: 'deliveries/s', samples: toMany },
    ]
  } finally {
    await receiver.close()
  }
}

/** Milliseconds from commit to arrival, one per alert. */
async function waitsAtPace(receiver: Receiver, seconds: number): Promise<number[]> {
  return withHouse(receiver.url, 1, async (house) => {
    const total = ALERTS_PER_SECOND * seconds
    const startedAt = performance.now()
    await house.delivery.start()
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * ALERTS_PER_SECOND))
      // Not awaited: events come in at their own pace, whatever a commit takes.
      while (sent < due) void house.accept(1, sent++)
      await sleep(1)
    }
    const arrivals = await receiver.take(total)
    return arrivals.map(({ alertId, at }) => at - house.acceptedAt.get(alertId)!)
  })
}

/** Deliveries per second of a backlog, from the start of delivery until the last is settled. */
async function drainRate(receiver: Receiver, destinations: number, alerts: number): Promise<number> {
  return withHouse(receiver.url, destinations, async (house) => {
    const perBatch = 100
    for (let from = 0; from < alerts; from += perBatch) await house.accept(perBatch, from)
    const total = alerts * destinations
    const startedAt = performance.now()
    await house.delivery.start()
    const { delivered } = await house.delivery.drain(120_000)
    const seconds = (performance.now() - startedAt) / 1_000
    if (delivered !== total) throw new Error(`${delivered} of ${total} were delivered`)
    await receiver.take(total)
    return total / seconds
  })
}

async function withHouse<T>(url: string, destinations: number, work: (house: DeliveryHouse) => Promise<T>) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const house = await openDeliveryHouse(folder, url, destinations)
  try {
    return await work(house)
  } finally {
    await house.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds, the median of some: what every group of writes waits for. */
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

interface Receiver {
  readonly url: string
  /** Waits until so many requests have come, and forgets them. */
  take(count: number): Promise<readonly Arrival[]>
  close(): Promise<unknown>
}

/** On a thread of its own, so that receiving does not hold up sending. */
async function startReceiver(): Promise<Receiver> {
  const worker = new Worker(new URL('./delivery-receiver.ts', import.meta.url))
  const next = <T>() => new Promise<T>((resolve) => worker.once('message', resolve))
  const url = await next<string>()
  return {
    url,
    take: (count) => {
      const arrivals = next<readonly Arrival[]>()
      worker.postMessage(count)
      return arrivals
    },
    close: () => worker.terminate(),
  }
}

export default { title: 'Delivery', measure } satisfies Measurement
