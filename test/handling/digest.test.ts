import { describe, expect, it } from 'vitest'
import { handle } from '../../src/handling/handle.ts'
import { type HandledAlert, NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import {
  type DestinationDigest,
  type DestinationHandling,
  NO_HANDLING,
} from '../../src/model/project/destination-handling.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert } from '../support/silences.ts'

const NOW = Date.parse('2026-12-05T12:00:00+01:00')
const HOUR_MS = 3_600_000
const DIGEST: DestinationDigest = { everyMs: HOUR_MS, by: ['detection'], below: null, after: 0, max: 50 }

function decide(
  digest: Partial<DestinationDigest>,
  over: Partial<HandledAlert> = {},
  rules: Partial<DestinationHandling> = {},
) {
  const handling = { ...NO_HANDLING, digest: { ...DIGEST, ...digest }, ...rules }
  const destinations = new Map([['mail', handling]])
  return handle(
    handledAlert(over),
    { destinations: ['mail'] },
    NO_HANDLING_STATE,
    { ...NO_HANDLING_RULES, destinations },
    NOW,
  )
}

function valuesOf(digest: Partial<DestinationDigest>, over: Partial<HandledAlert> = {}) {
  const [send] = decide(digest, over).sends
  return send?.how === 'digest' ? send.digest.by : null
}

describe('the digest of a destination', () => {
  it('gathers an alert, and says by what and for how long', () => {
    const { sends, steps } = decide({ after: 3 })
    expect(sends).toEqual([
      {
        destination: 'mail',
        how: 'digest',
        digest: { by: ['detection', 'AWS.EC2.Reboot'], everyMs: HOUR_MS, after: 3 },
      },
    ])
    expect(steps).toEqual([
      {
        stage: 'digest',
        destination: 'mail',
        did: 'gathered',
        by: '',
        reason: 'by detection, sent 1 h after its first alert; the first 3 within 1 h are sent at once',
      },
    ])
  })

  it('is for severities below the limit', () => {
    const how = (severity: 'MEDIUM' | 'HIGH' | 'CRITICAL') =>
      decide({ below: 'HIGH' }, { severity: { value: severity, source: 'static' } }).sends[0]!.how
    expect([how('MEDIUM'), how('HIGH'), how('CRITICAL')]).toEqual(['digest', 'now', 'now'])
  })

  it('keeps alerts apart by the values of its keys', () => {
    const by = ['severity', 'logType', 'dedup', 'tag:Team', 'context:host.name'] as const
    const tags = ['Team:blue', 'Teams', 'Patching']
    expect(valuesOf({ by }, { tags })).toEqual([
      'severity',
      'MEDIUM',
      'logType',
      '["AWS.CloudTrail"]',
      'dedup',
      'web-1',
      'tag:Team',
      '["Team:blue"]',
      'context:host.name',
      '["web-1"]',
    ])
    expect(valuesOf({ by: [] })).toEqual([])
    expect(valuesOf({ by: ['context:absent'] })).toEqual(['context:absent', '[]'])
  })

  it('gathers what waits for the hours, until the opening', () => {
    const office = {
      name: 'office',
      timezone: 'Europe/Berlin',
      weekdays: [1, 2, 3, 4, 5],
      times: [{ from: 480, until: 1_080 }],
      except: [],
    }
    const hours = { during: [office], otherwise: 'wait', always: [] } as const
    expect(decide({ after: 3 }, {}, { hours }).sends[0]).toMatchObject({
      how: 'digest',
      at: Date.parse('2026-12-07T08:00:00+01:00'),
      digest: { after: 0 },
    })
  })

  it('leaves alerts about the system alone', () => {
    expect(decide({}, { kind: 'SYSTEM_ERROR' })).toMatchObject({ sends: [{ how: 'now' }], steps: [] })
  })

  it('does not escalate', () => {
    const escalate = [{ afterMs: HOUR_MS, unless: 'acknowledged', to: ['second'], severities: null }] as const
    const severity = { value: 'HIGH', source: 'static' } as const
    expect(decide({}, { severity }, { escalate }).escalations).toEqual([])
    expect(decide({ below: 'HIGH' }, { severity }, { escalate }).escalations).toHaveLength(1)
  })
})
