/** A replay that was killed continues from its folder and reports what one without an interruption does. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { runCommand, startCommand } from '../support/process.ts'
import { until } from '../support/until.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const EVENTS = 12_000

/** It counts by the caching helpers, whose items are committed with the effects of the events. */
const PROJECT = {
  ...SOUND,
  'detections/count.yml':
    'AnalysisType: rule\nRuleID: Test.Count\nFilename: count.py\nEnabled: true\nSeverity: High\nLogTypes: [Test.Log]\nDedupPeriodMinutes: 15\n',
  'detections/count.py':
    'from panther_detection_helpers.caching import increment_counter\n\ndef rule(event):\n    return event.get("action") == "count" and increment_counter("n:" + event["user"]) % 50 == 0\n\ndef dedup(event):\n    return event["user"]\n',
}

function makeEvents(root: string): string {
  const path = join(root, 'events.ndjson')
  const lines = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify({
      p_event_time: new Date(Date.UTC(2026, 0, 31) + i * 20_000).toISOString(),
      p_log_type: 'Test.Log',
      action: ['login', 'count', 'logout', 'count'][i % 4],
      user: ['ann', 'ben', 'cat'][i % 3],
    }),
  )
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** The number of alerts that a replay has committed; 0 while its store is being made. */
function committedIn(file: string): number {
  if (!existsSync(file)) return 0
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return (database.prepare('SELECT count(*) AS n FROM alert').get() as { n: number }).n
  } catch {
    return 0
  } finally {
    database.close()
  }
}

it('a replay that is killed twice reports after its resume what one without an interruption does', async () => {
  const root = makeProject(PROJECT)
  const path = makeEvents(root)
  const state = join(root, 'state')
  const command = ['replay', path, '--project', root, '--format', 'json']
  const whole = await runCommand(command)
  expect(whole.code, whole.err).toBe(0)
  const expected = JSON.parse(whole.out) as { alerts: readonly unknown[] }
  for (const part of [0.1, 0.5]) {
    const running = startCommand([...command, '--state', state])
    await until(() => committedIn(join(state, 'after.db')) > expected.alerts.length * part)
    // The signal ended it: it did not reach its end.
    expect(await running.kill('SIGKILL')).toBe(null)
    expect(committedIn(join(state, 'after.db'))).toBeLessThan(expected.alerts.length)
  }
  const resumed = await runCommand([...command, '--state', state])
  expect(resumed.code, resumed.err).toBe(0)
  expect(JSON.parse(resumed.out)).toEqual(expected)
  expect(existsSync(state)).toBe(false)
})
