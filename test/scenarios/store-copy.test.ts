/** A run on SQLite goes on in PostgreSQL after `store copy`: no event is missed and none counts twice. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { startCommand } from '../support/process.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const FILES = {
  'signalbox.yaml': 'workers: 1\n',
  'destinations.yaml': `version: 1
destinations:
  - { name: soc, type: webhook, severities: [HIGH], options: { url: '\${env:RECEIVER}/soc' } }
`,
  'detections/login.yml': `AnalysisType: rule
RuleID: Login
Enabled: true
Severity: High
LogTypes: [Test.Log]
DedupPeriodMinutes: 1440
Detection:
  - { Key: result, Condition: Equals, Value: ok }
AlertTitle: "{user}"
GroupBy: [{ KeyPath: user }]
`,
}

const line = (user: string, n: number) =>
  `${JSON.stringify({ p_log_type: 'Test.Log', result: 'ok', user, n })}\n`
/** Every user has an alert, and its number of events says how often each event was counted. */
const USERS = ['ann', 'bob', 'eve', 'kim']
const eventsOf = (round: number) =>
  USERS.flatMap((user) => [line(user, round), line(user, round + 0.5)]).join('')

describeWithPostgres('store copy after a run', (server) => {
  it('keeps the count of every alert when the run goes on in PostgreSQL', async () => {
    const receiver = await startReceiver()
    const root = makeProject(FILES)
    const events = join(root, 'events.ndjson')
    writeFileSync(events, eventsOf(1))
    const target = server().url()
    const counts = async (url: string) => {
      const store = await openStore(url, { clock: manualClock(), projectRoot: root, readOnly: true })
      try {
        const alerts = await store.alerts({ limit: 100 })
        return alerts.map(({ events: counted }) => counted)
      } finally {
        await store.close()
      }
    }
    const settled = (url: string, each: number) =>
      until(async () => {
        const found = await counts(url).catch(() => [])
        return found.length === USERS.length && found.every((counted) => counted === each)
      })
    const run = async (store: string, each: number, signal: 'SIGTERM' | 'SIGKILL') => {
      const daemon = startCommand(
        ['run', '--project', root, '--store', store, '--from', `file:${events}?follow=true`],
        { RECEIVER: receiver.url },
      )
      await settled(store, each)
      await daemon.kill(signal)
    }
    await run('sqlite:first.db', 2, 'SIGKILL')
    appendFileSync(events, eventsOf(2))
    const copied = await signalbox(['store', 'copy', 'sqlite:first.db', target, '--project', root])
    expect([copied.code, copied.out]).toEqual([0, expect.stringMatching(/^alert +4 +4$/m)])
    expect(copied.err).toMatch(/copied 4 of 4 rows of alert$/m)

    const staleArgs = ['run', '--project', root, '--store', 'sqlite:first.db', '--from', 'stdin:']
    const stale = await signalbox(staleArgs, '', { RECEIVER: receiver.url })
    expect([stale.code, stale.err]).toEqual([2, expect.stringMatching(/first\.db was moved to postgres:/)])
    await run(target, 4, 'SIGKILL')
    appendFileSync(events, eventsOf(3))
    await run(target, 6, 'SIGTERM')
    expect(await counts(target)).toEqual([6, 6, 6, 6])
    const sent = receiver.requests.map(({ body }) => (JSON.parse(body) as { alertId: string }).alertId)
    expect(new Set(sent).size).toBe(USERS.length)
    const checked = await signalbox(['store', 'check', target, '--project', root, '--format', 'json'])
    const { faults } = JSON.parse(checked.out) as { faults: { check: string }[] }
    // The server of the test does not sync.
    expect(faults.map(({ check }) => check)).toEqual(['setting', 'setting'])
    expect(checked.code).toBe(1)
    // A delivery that was under way at a kill is sent again under its key.
    receiver.expect(sent.length)
    await receiver.close()
  })
})
