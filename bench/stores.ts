/** A store in PostgreSQL beside one in SQLite, by plans without Python and by `run` over a file, in alternation. Both sync each commit. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/model/ports.ts'
import { openStore } from '../src/store/open.ts'
import type { CommitPlan, Store } from '../src/store/store.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { alert, delivered, delivery, expecting, group, plan, signal } from '../test/support/store-rows.ts'
import { startReceiver } from './alert-receiver.ts'
import { writeProject } from './daemon-process.ts'
import { fileRate } from './end-to-end.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { ratios } from './repeat.ts'

const FINDINGS_PER_PLAN = 10
const EVENTS_PER_PLAN = 1_000
const LANES = 4
const MERGES_PER_PLAN = 20
const OPEN_ALERTS = 2_000
/** A tenth of the findings is about one alert. */
const HOT_MERGES_PER_PLAN = 2
const CLAIMERS = 3
/** As many as the delivery of a daemon claims for a destination with a concurrency of 64. */
const CLAIMED = 64

async function measure(context: BenchContext): Promise<Figure[]> {
  return [...(await runFigures(context)), ...(await planFigures(context))]
}

/** The default of `run`, with the server of the database on the same cores. */
async function runFigures({ checkout, quick, progress }: BenchContext): Promise<Figure[]> {
  const server = startPostgres({ syncs: true })
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-stores-'))
  const receiver = await startReceiver()
  const rates: Record<'sqlite' | 'postgres', number[]> = { sqlite: [], postgres: [] }
  const events = quick ? 60_000 : 200_000
  try {
    for (let round = 0; round < (quick ? 3 : 5); round++) {
      progress(`run over a file, round ${round + 1}`)
      const project = join(folder, `project-${round}`)
      writeProject(project, receiver.url)
      const run = { checkout, project, receiver, events }
      rates.sqlite.push(await fileRate({ ...run, store: (name) => `sqlite:${name}.db` }))
      // Each call returns a new schema.
      rates.postgres.push(await fileRate({ ...run, store: () => server.url() }))
    }
  } finally {
    await receiver.close()
    server.stop('immediate')
    rmSync(server.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
  return [
    { name: '`run` over a file on SQLite, 1 % matching', unit: 'events/s', samples: rates.sqlite },
    { name: '`run` over a file on PostgreSQL, 1 % matching', unit: 'events/s', samples: rates.postgres },
    {
      name: '`run` over a file, PostgreSQL / SQLite',
      unit: '',
      samples: ratios(rates.postgres, rates.sqlite),
      reach: { atLeast: 0.8 },
    },
  ]
}

async function planFigures({ quick, progress }: BenchContext): Promise<Figure[]> {
  const server = startPostgres({ syncs: true })
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-stores-'))
  const rounds = quick ? 3 : 5
  const seconds = quick ? 2 : 4
  const figures: Record<'sqlite' | 'postgres' | 'ratio' | 'laneRatio' | 'hotRatio' | 'settled', number[]> = {
    sqlite: [],
    postgres: [],
    ratio: [],
    laneRatio: [],
    hotRatio: [],
    settled: [],
  }
  try {
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      progress(`round ${round + 1} of ${rounds + 1}`)
      const sqlite = await open(`sqlite:${round}.db`, folder)
      const postgres = await open(server.url(), folder)
      const one = [
        await eventsPerSecond(sqlite, 1, seconds, newAlerts),
        await eventsPerSecond(postgres, 1, seconds, newAlerts),
      ] as const
      const four = [
        await eventsPerSecond(sqlite, LANES, seconds, newAlerts),
        await eventsPerSecond(postgres, LANES, seconds, newAlerts),
      ] as const
      await openAlerts(postgres)
      const even = await eventsPerSecond(postgres, LANES, seconds, merges(0))
      const hot = await eventsPerSecond(postgres, LANES, seconds, merges(HOT_MERGES_PER_PLAN))
      const settled = await settledPerSecond(postgres, quick ? 6_000 : 20_000)
      await sqlite.close()
      await postgres.close()
      if (round === 0) continue
      figures.sqlite.push(one[0])
      figures.postgres.push(one[1])
      figures.ratio.push(one[1] / one[0])
      figures.laneRatio.push(four[1] / four[0])
      figures.hotRatio.push(hot / even)
      figures.settled.push(settled)
    }
  } finally {
    server.stop('immediate')
    rmSync(server.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
  const what = `plans of ${EVENTS_PER_PLAN} events with ${FINDINGS_PER_PLAN} new alerts`
  return [
    { name: `SQLite, ${what}, one source`, unit: 'events/s', samples: figures.sqlite },
    { name: `PostgreSQL, ${what}, one source`, unit: 'events/s', samples: figures.postgres },
    { name: 'PostgreSQL / SQLite, one source', unit: '', samples: figures.ratio, reach: { atLeast: 0.8 } },
    {
      name: `PostgreSQL / SQLite, ${LANES} sources`,
      unit: '',
      samples: figures.laneRatio,
      reach: { atLeast: 0.8 },
    },
    {
      name: `PostgreSQL, ${MERGES_PER_PLAN} merges per plan, a tenth into one alert / evenly, ${LANES} sources`,
      unit: '',
      samples: figures.hotRatio,
      reach: { atLeast: 0.9 },
    },
    {
      name: `claimed and settled in PostgreSQL by ${CLAIMERS} claimers`,
      unit: 'deliveries/s',
      samples: figures.settled,
      reach: { atLeast: 5_000 },
    },
  ]
}

function open(url: string, projectRoot: string): Promise<Store> {
  return openStore(url, { clock: systemClock, projectRoot })
}

interface NextPlan {
  readonly plan: CommitPlan
  readonly groups: Record<string, number>
}

type Planner = (source: string, cursor: number) => NextPlan

let numbers = 0

function newAlerts(source: string, cursor: number): NextPlan {
  const ids = Array.from({ length: FINDINGS_PER_PLAN }, () => `n${numbers++}`)
  const notification = JSON.stringify({ context: 'x'.repeat(1_200) })
  return {
    groups: Object.fromEntries(ids.map((id) => [id, 0])),
    plan: plan({
      cursors: [{ source, cursor: String(cursor) }],
      groups: ids.map((id) => group(id, { alertId: id, alertAt: 1 })),
      alerts: ids.map((id) => alert(id, { groupKey: id, notification })),
      deliveries: ids.map((id) => delivery(id, { alertId: id, destinationKey: 'later' })),
      signals: ids.map((id) => signal(id, { alertId: id })),
    }),
  }
}

const openId = (n: number) => `open-${n}`

/** Alerts that events are merged into. */
async function openAlerts(store: Store): Promise<void> {
  const alerts = Array.from({ length: OPEN_ALERTS }, (_, n) => alert(openId(n)))
  await store.commit(plan({ alerts }), expecting())
}

/** @param hot how many of the merges of each plan are about the same alert. */
function merges(hot: number): Planner {
  return (source, cursor) => {
    const ids = Array.from({ length: MERGES_PER_PLAN }, (_, i) =>
      openId(i < hot ? 0 : 1 + Math.floor(Math.random() * (OPEN_ALERTS - 1))),
    )
    const signals = ids.map((alertId) => signal(`m${numbers++}`, { alertId }))
    const events = Map.groupBy(ids, (id) => id)
    const merged = [...events].map(([alertId, { length }]) => ({
      alertId,
      events: length,
      lastEventAt: cursor,
      logTypes: ['Test.Log'],
    }))
    return {
      groups: {},
      plan: plan({ cursors: [{ source, cursor: String(cursor) }], merges: merged, signals }),
    }
  }
}

/** A daemon reads the state for a decision, and then commits its plan. */
async function eventsPerSecond(
  store: Store,
  sources: number,
  seconds: number,
  nextPlan: Planner,
): Promise<number> {
  const startedAt = performance.now()
  const hasTime = () => performance.now() - startedAt < seconds * 1_000
  let commits = 0
  const runSource = async (n: number) => {
    const held = await store.take(`source-${sources}-${n}`)
    for (let version = held.version; hasTime(); version++) {
      const next = nextPlan(held.source, version)
      await store.read({ groups: Object.keys(next.groups), limiters: [], seen: [] })
      const answer = await store.commit(next.plan, expecting(next.groups, {}, [{ ...held, version }]))
      if (answer !== 'ok') throw new Error(answer)
      commits++
    }
  }
  await Promise.all(Array.from({ length: sources }, (_, n) => runSource(n)))
  return (commits * EVENTS_PER_PLAN * 1_000) / (performance.now() - startedAt)
}

async function settledPerSecond(store: Store, many: number): Promise<number> {
  await store.commit(plan({ alerts: [alert('settled')] }), expecting())
  for (let made = 0; made < many; made += 1_000) {
    const deliveries = Array.from({ length: 1_000 }, (_, i) =>
      delivery(`s${made + i}`, { alertId: 'settled' }),
    )
    await store.commit(plan({ deliveries }), expecting())
  }
  const startedAt = performance.now()
  let settled = 0
  const claimer = async () => {
    for (;;) {
      const claimed = await store.claim({ destinationKeys: ['soc'], limit: CLAIMED, leaseMs: 60_000 })
      if (claimed.length === 0) return
      const recorded = await Promise.all(
        claimed.map(({ delivery: { id }, leaseToken }) => store.recordOutcome(id, leaseToken, delivered)),
      )
      settled += recorded.filter(Boolean).length
    }
  }
  await Promise.all(Array.from({ length: CLAIMERS }, claimer))
  if (settled !== many) throw new Error(`${settled} of ${many} deliveries were settled`)
  return (many * 1_000) / (performance.now() - startedAt)
}

export default { title: 'Stores', measure } satisfies Measurement
