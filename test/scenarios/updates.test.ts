/**
 * An alert that is repeated, escalates and is resolved, as PagerDuty, Slack, Jira, Asana and ServiceNow see it. The daemon is killed between
 * the steps, and while the providers have carried out what they did not answer yet.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { TicketProviders } from '../support/ticket-providers.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

const FILES = {
  'signalbox.yaml': 'workers: 1\n',
  'detections/login.yml': `AnalysisType: rule
RuleID: Test.Login
Filename: login.py
Enabled: true
LogTypes: [Test.Log]
Severity: Medium
`,
  'detections/login.py': `def rule(event):
    return True


def severity(event):
    return event["severity"]


def dedup(event):
    return "one"
`,
  'destinations.yaml': `version: 1
destinations:
  - name: pager
    type: pagerduty
    severities: [MEDIUM, CRITICAL]
    updates: [escalated, acknowledged, resolved]
    options: { integrationKey: '\${env:KEY}', apiUrl: '\${env:PROVIDERS}' }
  - name: chat
    type: slack
    severities: [MEDIUM, CRITICAL]
    updates: [repeated, escalated, resolved]
    repeatEvery: 1ms
    options: { botToken: '\${env:KEY}', channel: C1, apiUrl: '\${env:PROVIDERS}' }
  - name: tickets
    type: jira
    severities: [MEDIUM, CRITICAL]
    updates: [repeated, escalated, resolved]
    repeatEvery: 1ms
    options: { url: '\${env:PROVIDERS}', user: bot, apiToken: '\${env:KEY}', projectKey: SOC }
  - name: tasks
    type: asana
    severities: [MEDIUM, CRITICAL]
    updates: [repeated, escalated, resolved]
    repeatEvery: 1ms
    options: { apiUrl: '\${env:PROVIDERS}', personalAccessToken: '\${env:KEY}', projectGids: ['12'] }
  - name: records
    type: servicenow
    severities: [MEDIUM, CRITICAL]
    updates: [repeated, escalated, resolved]
    repeatEvery: 1ms
    options: { url: '\${env:PROVIDERS}', user: bot, password: '\${env:KEY}' }
`,
}

const TEXTS = [
  'The alert has 2 events now.',
  'The alert has 3 events now.\nThe severity is CRITICAL now.',
  'Resolved by ann: fixed.\na reboot',
]

describe('an alert that is repeated, escalates and is resolved, with a kill between the steps', () => {
  const providers = new TicketProviders()
  let close: () => Promise<void>
  let project: string

  const event = (severity: string) =>
    appendFileSync(
      join(project, 'events.ndjson'),
      `${JSON.stringify({ severity, p_log_type: 'Test.Log' })}\n`,
    )
  const read = async <T>(work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> => {
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
  /** All deliveries are delivered, and there are so many. */
  const untilDelivered = (count: number) =>
    until(
      () =>
        read(async (store) => {
          const deliveries = await store.deliveries({ limit: 50 })
          return deliveries.length === count && deliveries.every(({ state }) => state === 'delivered')
        }),
      { what: `${count} deliveries` },
    )
  const step = async (condition: () => Promise<unknown>) => {
    const daemon = startDaemonProcess(REPOSITORY, project)
    await untilReady(daemon)
    await condition().catch((cause: unknown) => {
      throw new Error(`${providers.requests.join('\n')}\n${daemon.output()}`, { cause })
    })
    await daemon.kill('SIGKILL')
  }

  beforeAll(async () => {
    const server = await providers.start()
    close = server.close
    const key = 'K'.repeat(32)
    project = makeProject({ ...FILES, '.env': `PROVIDERS=${server.url}\nKEY=${key}\n` })
    writeFileSync(join(project, 'events.ndjson'), '')

    event('MEDIUM')
    await step(() => untilDelivered(5))
    event('MEDIUM')
    await step(() => untilDelivered(9))
    // What the providers carry out here is not recorded by the daemon that sent it.
    event('CRITICAL')
    providers.hold(true)
    await step(() => until(() => providers.unanswered >= 5, { what: 'five requests without an answer' }))
    providers.hold(false)
    await step(() => untilDelivered(14))
    await read(async (store) => {
      const [alert] = await store.alerts({ limit: 1 })
      const fixed = { verb: 'resolve', note: 'a reboot', reason: 'fixed' } as const
      await changeAlert(store, alert!.id, fixed, { name: 'ann', via: 'cli' }, systemClock.now())
    })
    await step(() => untilDelivered(19))
    await step(async () => {})
  })
  afterAll(() => close())

  it('PagerDuty gets the page, the higher severity and the end of one incident, in this order', () => {
    const events = providers.pages.map(({ event_action, payload }) =>
      [event_action, payload?.severity].filter(Boolean).join(' '),
    )
    // The event that got no answer comes again. PagerDuty adds it to the same open alert.
    expect(events).toEqual(['trigger warning', 'trigger critical', 'trigger critical', 'resolve'])
    expect(new Set(providers.pages.map(({ dedup_key }) => dedup_key)).size).toBe(1)
  })

  it('Slack has one message, which is edited, and each answer in its thread once', () => {
    const [first, ...answers] = providers.messages
    expect(answers.map(({ text }) => text)).toEqual(TEXTS)
    expect(new Set(answers.map(({ thread_ts }) => thread_ts))).toEqual(new Set([first!.ts]))
    expect(first!.attachments).toMatchObject([
      { title: '[Resolved] New Alert: Test.Login', color: '#425a70' },
    ])
  })

  it('Asana has one completed task with each comment once', () => {
    expect(providers.tasks).toMatchObject([{ gid: '7', completed: true }])
    expect(providers.taskComments.map(({ text }) => text.split('\n\nsignalbox-')[0])).toEqual(TEXTS)
  })

  it('ServiceNow has one resolved incident with each note once', () => {
    expect(providers.records).toMatchObject([{ sys_id: '5f', state: '6' }])
    const notes = providers.records[0]!.journal.map((note) => note.split('\n\nsignalbox-')[0])
    expect(notes.toReversed()).toEqual(TEXTS)
  })

  it('Jira has one issue, each comment once, and the issue is moved to done once', () => {
    expect(providers.issues).toEqual(['SOC-1'])
    expect(providers.comments.map(({ body }) => body.split('\n\nsignalbox-')[0])).toEqual(TEXTS)
    expect(providers.moves).toEqual(['31'])
  })
})
