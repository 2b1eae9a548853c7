/** Requests of providers at an address of this machine, over a store in memory. */
import { afterEach, describe, expect, it } from 'vitest'
import { openHooks } from '../../../src/daemon/hooks/open-hooks.ts'
import { nullLog } from '../../../src/model/ports.ts'
import type { HooksSettings } from '../../../src/model/project/hook-settings.ts'
import { DEFAULT_SETTINGS } from '../../../src/model/project/settings.ts'
import { createMetrics } from '../../../src/server/metrics.ts'
import { createServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import { manualClock } from '../../support/clock.ts'
import {
  jiraComment,
  jiraUpdate,
  pagerDutyEvent,
  SECRET,
  slackCommand,
  slackPress,
} from '../../support/hook-bodies.ts'
import { jiraHeaders, pagerDutyHeaders, slackHeaders } from '../../support/hook-signature.ts'
import { destination, registry } from '../../support/model.ts'
import { envReference, testSecrets } from '../../support/secrets.ts'
import { alert, delivery, expecting, plan, T0 } from '../../support/store-rows.ts'

const ALERT = 'a'.repeat(32)
const [PAGE, ISSUE] = ['b'.repeat(32), 'c'.repeat(32)]
const HOOK = { secret: envReference('HOOK'), destination: null, closedReasons: {}, ignoreUsers: [] }
const HOOKS: HooksSettings = { slack: HOOK, pagerduty: HOOK, jira: HOOK }

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function hooksFixture(hooks = HOOKS) {
  const clock = manualClock(T0)
  const store = await openStore('memory:', { clock, projectRoot: '/nowhere' })
  await store.commit(
    plan({
      alerts: [alert(ALERT)],
      deliveries: [
        delivery(PAGE, { alertId: ALERT, destinationKey: 'pager', destination: 'pager' }),
        delivery(ISSUE, { alertId: ALERT, destinationKey: 'tickets', destination: 'tickets' }),
      ],
    }),
    expecting(),
  )
  const metrics = createMetrics()
  const warnings: object[] = []
  let monotonic = 0
  const project = {
    settings: { ...DEFAULT_SETTINGS, hooks },
    registry: registry([
      destination('chat', { type: 'slack' }),
      destination('pager', { type: 'pagerduty' }),
      destination('tickets', { type: 'jira' }),
    ]),
  }
  const part = openHooks({
    store,
    project: () => project,
    secrets: () => testSecrets({ HOOK: SECRET }),
    absence: { orAbsence: (work) => work },
    metrics,
    log: { ...nullLog, warn: (details) => void warnings.push(details) },
    clock,
    monotonic: () => monotonic,
    wake: () => {},
  })
  const server = createServer({
    log: nullLog,
    metrics,
    ready: () => ({ ok: true, reasons: [] }),
    bodyBytes: 1_000,
    parts: [part],
  })
  open.push(async () => {
    await server.close()
    await store.close()
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.addresses[0]!
  const post = async (name: string, body: string, headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}/hooks/${name}`, { method: 'POST', body, headers })
    return { status: response.status, text: await response.text() }
  }
  return {
    clock,
    store,
    warnings,
    pass: (ms: number) => {
      monotonic += ms
    },
    post,
    slack: (body: string) => post('slack', body, slackHeaders(SECRET, body, clock.now())),
    pagerDuty: (body: string) => post('pagerduty', body, pagerDutyHeaders(SECRET, body)),
    jira: (body: string) => post('jira', body, jiraHeaders(SECRET, body)),
    status: async () => (await store.alert(ALERT))!.status,
    audit: async () =>
      (await store.audit({ subject: { kind: 'alert', id: ALERT }, limit: 50 })).filter(
        ({ verb }) => verb !== 'created',
      ),
    counted: async () =>
      Object.fromEntries(
        [
          ...(await metrics.text()).matchAll(
            /^signalbox_hooks_total\{hook="(\w+)",outcome="(\w+)"\} (\d+)/gm,
          ),
        ].map(([, hook, outcome, n]) => [`${hook} ${outcome}`, Number(n)]),
      ),
  }
}

describe('a hook', () => {
  it('an act in Slack is in the history with its person, once, however often the request comes', async () => {
    const { slack, status, audit, counted } = await hooksFixture()
    const press = slackPress(ALERT)
    expect(await slack(press)).toEqual({ status: 200, text: '' })
    expect(await slack(press)).toEqual({ status: 200, text: '' })
    expect(await status()).toMatchObject({ status: 'acknowledged', changedBy: 'slack:U123 (ann)' })
    expect(await audit()).toMatchObject([
      { verb: 'acknowledged', actor: 'slack:U123 (ann)', via: 'hook:slack', origin: null },
    ])
    expect(await counted()).toEqual({ 'slack done': 1, 'slack repeated': 1 })
  })

  it('a replay after a reopening changes nothing', async () => {
    const { pagerDuty, store, status } = await hooksFixture()
    const body = pagerDutyEvent('acknowledged', { id: 'Q1', incident_key: PAGE })
    await pagerDuty(body)
    const before = await status()
    const reopened = { ...before, version: before.version + 1, status: 'open' as const }
    await store.commit(plan({ statuses: [{ alertId: ALERT, status: reopened }] }), expecting())
    await pagerDuty(body)
    expect((await status()).status).toBe('open')
  })

  it('two requests at the same time are carried out once', async () => {
    const { slack, audit } = await hooksFixture()
    const body = slackCommand(`comment ${ALERT} I look`)
    await Promise.all([slack(body), slack(body), slack(body)])
    expect(await audit()).toHaveLength(1)
  })

  it('the change has the destination of the record as its origin, so that nothing is sent back to it', async () => {
    const { pagerDuty, jira, audit } = await hooksFixture()
    await pagerDuty(pagerDutyEvent('acknowledged', { id: 'Q1', incident_key: PAGE }))
    await jira(jiraUpdate('SOC-1', { labels: [`signalbox-${ISSUE}`] }))
    expect((await audit()).map(({ verb, origin, actor }) => [verb, origin, actor])).toEqual([
      ['acknowledged', 'pager', 'pagerduty:PANN (Ann)'],
      ['resolved', 'tickets', 'jira:account-ann (Ann)'],
    ])
  })

  it('a request that names only the record finds the alert by an earlier one', async () => {
    const { pagerDuty, jira, audit, counted } = await hooksFixture()
    await jira(jiraComment('SOC-1', 'too early'))
    expect(await counted()).toEqual({ 'jira unknown': 1 })
    await jira(jiraUpdate('SOC-1', { labels: [`signalbox-${ISSUE}`], category: 'new' }))
    await jira(jiraComment('SOC-1', 'I look', { id: '8' }))
    await pagerDuty(pagerDutyEvent('triggered', { id: 'Q1', incident_key: PAGE }, { id: 'E0' }))
    await pagerDuty(pagerDutyEvent('annotated', { id: 'N', content: 'me too', incident: { id: 'Q1' } }))
    expect((await audit()).map(({ verb, note }) => `${verb} ${note}`)).toEqual([
      'commented I look',
      'commented me too',
    ])
  })

  it('a late acknowledge does not reopen, and a status that is reached stays', async () => {
    const { slack, pagerDuty, status, counted } = await hooksFixture()
    await slack(slackPress(ALERT, { action: 'signalbox_resolve', reason: 'expected' }))
    await pagerDuty(pagerDutyEvent('acknowledged', { id: 'Q1', incident_key: PAGE }))
    await pagerDuty(pagerDutyEvent('resolved', { id: 'Q1', incident_key: PAGE }, { id: 'E2' }))
    expect(await status()).toMatchObject({ status: 'resolved', reason: 'expected', version: 2 })
    expect(await counted()).toEqual({ 'slack done': 1, 'pagerduty late': 1, 'pagerduty unchanged': 1 })
  })

  it('an unknown alert is answered with 200 and counted', async () => {
    const { slack, pagerDuty, counted } = await hooksFixture()
    expect((await slack(slackPress('e'.repeat(32)))).status).toBe(200)
    expect((await slack(slackCommand(`ack ${'e'.repeat(32)}`))).text).toContain('There is no such alert.')
    expect((await pagerDuty(pagerDutyEvent('resolved', { id: 'Q', incident_key: 'mine' }))).status).toBe(200)
    expect(await counted()).toEqual({ 'slack unknown': 2, 'pagerduty unknown': 1 })
  })

  it('only alerts of the destination of the hook are changed', async () => {
    const hooks = { slack: { ...HOOK, destination: 'chat' }, pagerduty: HOOK, jira: HOOK }
    const { slack, pagerDuty, status } = await hooksFixture(hooks)
    await slack(slackPress(ALERT))
    // The delivery belongs to Jira.
    await pagerDuty(pagerDutyEvent('resolved', { id: 'Q1', incident_key: ISSUE }))
    expect((await status()).status).toBe('open')
  })

  it('a wrong signature is answered with 401, counted, and logged once a minute', async () => {
    const { post, slack, status, warnings, pass, counted } = await hooksFixture()
    const body = slackPress(ALERT)
    const wrong = { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': String(T0 / 1_000) }
    for (let i = 0; i < 3; i++) expect((await post('slack', body, wrong)).status).toBe(401)
    expect(warnings).toEqual([{ hook: 'slack', reason: 'the signature is missing or wrong', requests: 1 }])
    pass(60_000)
    await post('slack', body, wrong)
    expect(warnings[1]).toMatchObject({ requests: 3 })
    expect(JSON.stringify(warnings)).not.toContain(SECRET)
    expect((await status()).status).toBe('open')
    expect(await counted()).toEqual({ 'slack refused': 4 })
    await slack(body)
    expect((await status()).status).toBe('acknowledged')
  })

  it('a body of more than 256 KiB, another form and another hook are refused', async () => {
    const { jira, post, counted } = await hooksFixture({ jira: HOOK })
    const large = jiraComment('SOC-1', 'x'.repeat(256 * 1024))
    expect((await jira(large)).status).toBe(413)
    expect((await jira('[]')).status).toBe(400)
    expect((await jira(jiraComment('SOC-1', 'x'.repeat(200 * 1024)))).status).toBe(200)
    expect((await post('slack', '', {})).status).toBe(404)
    expect((await post('other', '', {})).status).toBe(404)
    expect(await counted()).toEqual({ 'jira malformed': 2, 'jira unknown': 1 })
  })

  it('more than a hundred requests at once are limited', async () => {
    const { post, counted } = await hooksFixture()
    const answers = await Promise.all(Array.from({ length: 110 }, () => post('jira', '{}', {})))
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10)
    expect(await counted()).toEqual({ 'jira refused': 100, 'jira limited': 10 })
  })

  it('a long comment is cut with a mark', async () => {
    const { slack, audit } = await hooksFixture()
    await slack(slackCommand(`comment ${ALERT} ${'x'.repeat(5_000)}`))
    expect((await audit())[0]!.note).toMatch(/^x{1990}\.\.\.$/)
  })
})
