/** Cases with several events: dedup, thresholds and times, with one project for all of them. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const BURST = `AnalysisType: rule
RuleID: Test.Burst
Filename: burst.py
Enabled: true
Severity: High
LogTypes: [Test.Log]
Threshold: 3
DedupPeriodMinutes: 15
Tests:
  - Name: three failures within the window make one alert, which the fourth joins
    ExpectedResult: true
    Events:
      - { At: 0s, Log: { user: ann } }
      - { At: 5m, Log: { user: ann } }
      - { At: 6m, Log: { user: ben } }
      - { At: 10m, Log: { user: ann } }
      - { At: 20m, Log: { user: ann } }
    ExpectedAlerts:
      - { at: 10m, events: 4, severity: High, route: static-severity, destinations: [inbox], dedup: ann }
  - Name: a window that has passed begins again
    ExpectedResult: true
    Events:
      - { At: 2026-01-31T12:00:00Z, Log: { user: ann } }
      - { At: 2026-01-31T12:01:00Z, Log: { user: ann } }
      - { At: 2026-01-31T12:30:00Z, Log: { user: ann } }
    ExpectedAlerts: []
  - Name: expects a wrong time
    ExpectedResult: true
    Events:
      - { At: 0s, Log: { user: ann } }
      - { At: 1m, Log: { user: ann } }
      - { At: 2m, Log: { user: ann } }
    ExpectedAlerts:
      - { at: 1m, events: 3 }
  - Name: expects an alert too many
    ExpectedResult: true
    Events:
      - { At: 0s, Log: { user: ann } }
    ExpectedAlerts:
      - { at: 0s }
  - Name: raises in its second event
    ExpectedResult: true
    Events:
      - { At: 0s, Log: { user: ann } }
      - { At: 1s, Log: { nothing: 1 } }
  - Name: has one event
    ExpectedResult: true
    Log: { user: ann }
    ExpectedAlerts: []
`

let ran: Ran

beforeAll(async () => {
  const root = makeProject({
    ...SOUND,
    'detections/burst.yml': BURST,
    'detections/burst.expect.yml': 'raises in its second event:\n  ExpectedAlerts: []\n',
    'detections/burst.py':
      'def rule(event):\n    return len(event["user"]) > 0\n\ndef dedup(event):\n    return event["user"]\n',
  })
  ran = await signalbox(['test', '--project', root, '--reporter', 'json'])
})

function caseOf(name: string) {
  const { detections } = JSON.parse(ran.out) as {
    detections: { id: string; tests: { name: string; status: string; failures: { message: string }[] }[] }[]
  }
  const found = detections.flatMap(({ tests }) => tests).find((test) => test.name === name)!
  return [found.status, ...found.failures.map(({ message }) => message)]
}

describe('a case with several events', () => {
  it.each([
    'three failures within the window make one alert, which the fourth joins',
    'a window that has passed begins again',
  ])('passes: %s', (name) => {
    expect(caseOf(name)).toEqual(['passed'])
  })

  it('names the alert and the key that differ', () => {
    expect(caseOf('expects a wrong time')).toEqual([
      'failed',
      'ExpectedAlerts: alert 1: at: expected 1m after the first event, got 2m after the first event',
    ])
  })

  it('names the number of alerts if it differs', () => {
    expect(caseOf('expects an alert too many')).toEqual([
      'failed',
      'ExpectedAlerts: number of alerts: expected 1, got 0',
    ])
  })

  it('fails if a later event raises, and takes expectations from the file beside the spec', () => {
    expect(caseOf('raises in its second event')).toEqual([
      'failed',
      "event 2: rule() raised KeyError('user')",
    ])
  })

  it('ExpectedAlerts requires several events', () => {
    expect(caseOf('has one event')).toEqual(['failed', 'ExpectedAlerts requires a case with Events'])
  })
})
