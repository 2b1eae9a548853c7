/** The time until a page of the console has arrived, with a million alerts in a store in a file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashId } from '../src/model/alerts/alert.ts'
import { initialStatus } from '../src/model/alerts/alert-status.ts'
import { SEVERITIES } from '../src/model/alerts/severity.ts'
import { systemClock } from '../src/model/ports.ts'
import { NO_RULES } from '../src/server/access/access.ts'
import { openStore } from '../src/store/open.ts'
import { type AlertRow, NOTHING_EXPECTED, type Store } from '../src/store/store.ts'
import { openConsole } from '../test/support/console-server.ts'
import { alert, delivery, plan } from '../test/support/store-rows.ts'
import { type BenchContext, type Figure, type Measurement, quantile } from './figure.ts'

const BATCH = 2_000
const DAYS_MS = 30 * 86_400_000
const GOAL_MS = 200
const WORDS = [
  'root',
  'bucket',
  'policy',
  'sign-in',
  'token',
  'group',
  'factor',
  'owner',
  'scanning',
  'network',
]

function row(i: number, count: number, now: number): AlertRow {
  const createdAt = now - Math.floor((DAYS_MS / count) * (count - i))
  const severity = SEVERITIES[i % SEVERITIES.length]!
  const status = initialStatus(severity, createdAt)
  const isResolved = i % 50 !== 0
  return alert(hashId('bench', i), {
    groupKey: hashId('group', i % 5_000),
    detection: `Bench.Rule.${i % 400}`,
    severity,
    title: `The ${WORDS[i % 10]} of account ${i % 9_973} was changed by user ${i % 1_009} with a ${WORDS[(i * 7) % 10]}`,
    dedup: `account-${i % 9_973}`,
    createdAt,
    lastEventAt: createdAt,
    status: isResolved ? { ...status, status: 'resolved', reason: 'expected' } : status,
  })
}

async function fill(store: Store, count: number, progress: BenchContext['progress']): Promise<void> {
  const now = store.now()
  for (let from = 0; from < count; from += BATCH) {
    const alerts = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => row(from + i, count, now))
    const deliveries = alerts.map(({ id, createdAt }) =>
      delivery(hashId('delivery', id), {
        alertId: id,
        destination: 'alert-log',
        destinationKey: 'alert-log',
        createdAt,
        due: createdAt,
      }),
    )
    await store.commit(plan({ alerts, deliveries: deliveries.slice(0, 20) }), NOTHING_EXPECTED)
    if (from % 100_000 === 0) progress(`${from} of ${count} alerts`)
  }
  while ((await store.indexTexts(10_000)) > 0) progress('texts are indexed')
}

async function measure({ quick, progress }: BenchContext): Promise<Figure[]> {
  const count = quick ? 20_000 : 1_000_000
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-console-'))
  const store = await openStore(`sqlite:${join(folder, 'bench.db')}`, {
    clock: systemClock,
    projectRoot: folder,
  })
  const server = await openConsole({ rules: NO_RULES, store, fill: (given) => fill(given, count, progress) })
  try {
    const pages = {
      overview: '/',
      'open alerts': '/alerts',
      'all alerts': '/alerts?status=any',
      'a search for a rare text': '/alerts?status=any&q=account+4711+',
      'a search for a frequent text': '/alerts?status=any&q=bucket',
      'one detection': '/alerts?status=any&detection=Bench.Rule.7',
      'one alert': `/alerts/${hashId('bench', count - 1)}`,
      deliveries: '/deliveries',
      destinations: '/destinations',
      detections: '/detections',
    }
    const figures: Figure[] = []
    for (const [name, path] of Object.entries(pages)) {
      progress(name)
      const samples: number[] = []
      for (let i = 0; i < (quick ? 10 : 50); i++) {
        const startedAt = performance.now()
        const response = await fetch(server.url + path)
        await response.text()
        samples.push(performance.now() - startedAt)
        if (response.status !== 200) throw new Error(`${name}: ${response.status}`)
      }
      const slowest = `95 of 100 within ${Math.round(quantile(samples, 0.95))} ms, the first within ${Math.round(samples[0]!)} ms`
      figures.push({ name, unit: 'ms', samples, reach: { atMost: GOAL_MS }, note: slowest })
    }
    return figures
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

export default { title: 'Console, 1,000,000 alerts', measure } satisfies Measurement
