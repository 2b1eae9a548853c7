/** A storm of alerts with dedup keys of their own, as PagerDuty and Jira see it, while a person answers the page. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { createEscalations } from '../../src/delivery/escalation/escalations.ts'
import { type Log, nullMetrics } from '../../src/model/ports.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { type AlertAct, changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'
import { T0 } from '../support/store-rows.ts'
import { TicketProviders } from '../support/ticket-providers.ts'
import { until } from '../support/until.ts'

const ALERTS = 500
const BATCH = 100
const MINUTE_MS = 60_000
const KEY = 'K'.repeat(32)
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

let harness: DeliveryHarness
let providers: TicketProviders
let server: Awaited<ReturnType<TicketProviders['start']>>
beforeEach(async () => {
  harness = await openDeliveryHarness()
  providers = new TicketProviders()
  server = await providers.start()
})
afterEach(async () => {
  await harness.close()
  await server.close()
})

function recipients(apiUrl: string) {
  const digest = { everyMs: 5 * MINUTE_MS, by: [], below: null, after: 0, max: 50 }
  const step = { afterMs: 15 * MINUTE_MS, unless: 'acknowledged', to: ['second'], severities: null } as const
  const group = { by: ['detection'], forMs: 10 * MINUTE_MS } as const
  return registry([
    destination('pager', {
      type: 'pagerduty',
      severities: ['CRITICAL'],
      updates: ['acknowledged', 'resolved'],
      handling: { ...NO_HANDLING, group, escalate: [step] },
      options: { integrationKey: KEY, apiUrl },
    }),
    destination('tickets', {
      type: 'jira',
      severities: ['CRITICAL'],
      handling: { ...NO_HANDLING, digest },
      options: { url: apiUrl, user: 'bot', apiToken: KEY, projectKey: 'SOC' },
    }),
    destination('second', { type: 'console', options: {} }),
  ])
}

/** Sends the storm through the pipeline, and returns what a test does afterwards. */
async function storm() {
  const declared = recipients(server.url)
  const { store, clock } = harness
  const delivery: Delivery = harness.open(declared)
  await delivery.start()
  const loaded = project([detection({ severity: 'CRITICAL' })], declared)
  const pipeline = createPipeline({
    store,
    project: () => loaded,
    onAdmitted: () => delivery.wake(),
    onConflict: () => {},
  })
  for (let from = 0; from < ALERTS; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, i) =>
      matchedEvent(`host ${from + i} is encrypted`, { at: T0, rowId: `row ${from + i}` }),
    )
    await pipeline.admit({ queue: 'stdin', events, claim: null, cursor: null })
  }
  const escalations = createEscalations({
    store,
    clock,
    log: quiet,
    metrics: nullMetrics,
    registry: () => declared,
    admit: async () => {},
    onDeliveries: () => delivery.wake(),
  })
  const settled = async () => {
    delivery.wake()
    await until(async () => {
      const rows = await store.deliveries({ limit: 50 })
      return rows.every(({ state, due }) => state === 'delivered' || due > clock.now())
    })
  }
  const advance = async (ms: number) => {
    clock.advance(ms)
    await escalations.pass()
    await settled()
  }
  const answer = async (act: AlertAct) => {
    const pages = await store.deliveries({ destination: 'pager', limit: 50 })
    const [first] = pages.find(({ kind }) => kind === 'single')!.alertIds
    await changeAlert(store, first!, act, { name: 'ann', via: 'cli' }, clock.now())
    await settled()
  }
  return { store, advance, answer }
}

const pages = () => providers.pages.map(({ event_action, payload }) => [event_action, payload?.summary])

it('a storm of 500 alerts is one page and one digest, and the page is acknowledged and resolved without an escalation', async () => {
  const { store, advance, answer } = await storm()
  await advance(0)
  await answer({ verb: 'acknowledge', note: '' })
  await advance(6 * MINUTE_MS)
  await advance(60 * MINUTE_MS)
  await answer({ verb: 'resolve', note: 'restored', reason: 'fixed' })

  expect(await store.alerts({ limit: 1_000 })).toHaveLength(ALERTS)
  expect(pages()).toEqual([
    ['trigger', expect.stringContaining('host 0 is encrypted')],
    ['acknowledge', undefined],
    ['trigger', '499 more alerts of Test.Rule (499 CRITICAL)'],
    ['resolve', undefined],
  ])
  expect(new Set(providers.pages.map(({ dedup_key }) => dedup_key)).size).toBe(1)
  expect(providers.summaries).toEqual(['500 alerts of Test.Rule (500 CRITICAL)'])
  expect(harness.printed).toEqual([])
})

it('a storm that no person acknowledges escalates once', async () => {
  const { advance } = await storm()
  await advance(0)
  await advance(20 * MINUTE_MS)
  await advance(60 * MINUTE_MS)
  expect(harness.printed).toHaveLength(1)
  expect(harness.printed[0]).toContain('host 0 is encrypted')
})
