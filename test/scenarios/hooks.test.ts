/**
 * An alert that is answered in Slack, PagerDuty and Jira, whose updates come back as reports. The daemon is killed a moment
 * after the first answer.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { jiraComment, jiraUpdate, pagerDutyEvent, SECRET, slackPress } from '../support/hook-bodies.ts'
import { jiraHeaders, pagerDutyHeaders, slackHeaders } from '../support/hook-signature.ts'
import { TicketProviders } from '../support/ticket-providers.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

const FILES = {
  'signalbox.yaml': `workers: 1
hooks:
  slack: { secret: '\${env:HOOK}' }
  pagerduty: { secret: '\${env:HOOK}', destination: pager }
  jira: { secret: '\${env:HOOK}' }
`,
  'detections/login.yml': `AnalysisType: rule
RuleID: Test.Login
Filename: login.py
Enabled: true
LogTypes: [Test.Log]
Severity: Critical
`,
  'detections/login.py': 'def rule(event):\n    return True\n',
  'destinations.yaml': `version: 1
destinations:
  - name: pager
    type: pagerduty
    severities: [CRITICAL]
    updates: [acknowledged, resolved]
    escalate:
      - { after: 1h, unless: acknowledged, to: [second] }
    options: { integrationKey: '\${env:KEY}', apiUrl: '\${env:PROVIDERS}' }
  - name: second
    type: pagerduty
    severities: []
    alertTypes: [SYSTEM_ERROR]
    options: { integrationKey: '\${env:KEY}', apiUrl: '\${env:PROVIDERS}' }
  - name: chat
    type: slack
    severities: [CRITICAL]
    updates: [acknowledged, resolved, commented]
    options: { botToken: '\${env:KEY}', channel: C1, apiUrl: '\${env:PROVIDERS}' }
  - name: tickets
    type: jira
    severities: [CRITICAL]
    updates: [acknowledged, resolved, commented]
    options: { url: '\${env:PROVIDERS}', user: bot, apiToken: '\${env:KEY}', projectKey: SOC }
`,
}

interface Button {
  readonly value?: string
}

describe('an alert that is answered at its providers', () => {
  const providers = new TicketProviders()
  let close: () => Promise<void>
  let project: string
  let daemon: DaemonProcess
  let alertId: string

  const read = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const store = await openStore('sqlite:.signalbox/signalbox.db', {
      clock: systemClock,
      projectRoot: project,
    })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  const untilDelivered = (count: number) =>
    until(
      () =>
        read(async (store) => {
          const deliveries = await store.deliveries({ limit: 50 })
          return deliveries.length >= count && deliveries.every(({ state }) => state === 'delivered')
        }),
      { what: `${count} deliveries` },
    ).catch((cause: unknown) => {
      throw new Error(`${providers.requests.join('\n')}\n${daemon.output()}`, { cause })
    })
  const start = async () => {
    daemon = startDaemonProcess(REPOSITORY, project)
    await untilReady(daemon)
  }
  const post = async (hook: string, body: string, headers: Record<string, string>) => {
    const response = await fetch(`${daemon.url}/hooks/${hook}`, { method: 'POST', body, headers })
    await response.arrayBuffer()
    expect(response.status).toBe(200)
  }
  const deliveryTo = (destination: string) =>
    read(async (store) => (await store.deliveries({ destination, kind: 'single', limit: 1 }))[0]!.id)
  /** An update that the kill interrupted is sent again with the same key, and PagerDuty ignores what comes twice. */
  const actsOfPages = () =>
    providers.pages
      .map(({ event_action }) => event_action)
      .filter((action, at, all) => action !== all[at - 1])
  const editsOf = () => read((store) => store.deliveries({ destination: 'chat', kind: 'update', limit: 50 }))
  const title = () => providers.messages[0]!.attachments![0]!.title

  beforeAll(async () => {
    const server = await providers.start()
    close = server.close
    const environment = `PROVIDERS=${server.url}\nKEY=${'K'.repeat(32)}\nHOOK=${SECRET}\n`
    project = makeProject({ ...FILES, '.env': environment })
    writeFileSync(join(project, 'events.ndjson'), '{"p_log_type":"Test.Log"}\n')
    await start()
    await untilDelivered(3)
    alertId = await read(async (store) => (await store.alerts({ limit: 1 }))[0]!.id)
  })
  afterAll(async () => {
    await daemon.kill('SIGKILL')
    await close()
  })

  it('the message in Slack has controls with the id of the alert', () => {
    const [, controls] = providers.messages[0]!.attachments as unknown as {
      blocks: { elements: Button[] }[]
    }[]
    expect(controls!.blocks[0]!.elements.map(({ value }) => value)).toEqual([alertId, undefined])
  })

  it('an acknowledgement in Slack survives a kill: no escalation, one edit, and the others learn it once', async () => {
    const body = slackPress(alertId)
    await post('slack', body, slackHeaders(SECRET, body, Date.now()))
    await daemon.kill('SIGKILL')
    await start()
    await untilDelivered(6)
    expect(actsOfPages()).toEqual(['trigger', 'acknowledge'])
    expect(await editsOf()).toHaveLength(1)
    expect(title()).toMatch(/^\[Acknowledged\] /)
    expect(providers.comments).toHaveLength(1)
    const escalations = await read((store) => store.escalations(alertId))
    expect(escalations.map(({ state }) => state)).toEqual(['ended'])
  })

  it('what the providers report of the updates of Signalbox ends after one round', async () => {
    const page = { id: 'Q1', incident_key: await deliveryTo('pager') }
    const labels = [`signalbox-${await deliveryTo('tickets')}`]
    const integration = {
      id: 'P1',
      type: 'events_api_v2_inbound_integration_reference',
      summary: 'Signalbox',
    }
    const at = new Date().toISOString()
    const pager = async (body: string) => post('pagerduty', body, pagerDutyHeaders(SECRET, body))
    const tickets = async (body: string) => post('jira', body, jiraHeaders(SECRET, body))

    // Of the acknowledgement in Slack.
    await pager(pagerDutyEvent('acknowledged', page, { id: 'E1', agent: integration, at }))
    await tickets(jiraComment('SOC-1', providers.comments[0]!.body, { id: '1', timestamp: Date.now() }))
    // A person resolves the issue, and the others learn it.
    await tickets(jiraUpdate('SOC-1', { labels, timestamp: Date.now() }))
    await untilDelivered(8)
    expect(actsOfPages()).toEqual(['trigger', 'acknowledge', 'resolve'])
    expect(await editsOf()).toHaveLength(2)
    expect(title()).toMatch(/^\[Resolved\] /)
    expect(providers.comments).toHaveLength(1)
    expect(providers.moves).toEqual([])

    const requests = providers.requests.length
    await pager(pagerDutyEvent('resolved', page, { id: 'E2', agent: integration, at }))
    // A person in PagerDuty and the user of Signalbox in Jira report a status that is reached.
    await pager(pagerDutyEvent('resolved', page, { id: 'E3', at }))
    await tickets(jiraUpdate('SOC-1', { labels, user: 'account-bot', timestamp: Date.now() }))
    const deliveries = await read((store) => store.deliveries({ limit: 50 }))
    expect(deliveries).toHaveLength(8)
    expect(providers.requests).toHaveLength(requests)
    const alert = await read((store) => store.alert(alertId))
    expect(alert!.status).toMatchObject({ status: 'resolved', changedBy: 'jira:account-ann (Ann)' })
  })
})
