import { describe, expect, it } from 'vitest'
import { handle } from '../../src/handling/handle.ts'
import { NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import type { Severity } from '../../src/model/alerts/severity.ts'
import { type DestinationHandling, NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert, silence } from '../support/silences.ts'

const NOW = Date.parse('2026-12-05T01:00:00Z')
const MINUTE_MS = 60_000
const RULES: DestinationHandling = {
  ...NO_HANDLING,
  escalate: [
    { afterMs: 15 * MINUTE_MS, unless: 'acknowledged', to: ['second'], severities: null },
    { afterMs: 45 * MINUTE_MS, unless: 'resolved', to: ['head'], severities: ['CRITICAL'] },
  ],
}

function decide(
  rules: DestinationHandling,
  {
    severity = 'HIGH' as Severity,
    now = NOW as number | null,
    silences = [] as ReturnType<typeof silence>[],
  } = {},
) {
  const alert = handledAlert({ severity: { value: severity, source: 'static' } })
  const destinations = new Map([['pager', rules]])
  return handle(
    alert,
    { destinations: ['pager', 'soc'] },
    NO_HANDLING_STATE,
    { ...NO_HANDLING_RULES, silences, destinations },
    now,
  )
}

describe('the escalation of an alert', () => {
  it('is planned for each step of its severity, and changes nothing that is sent now', () => {
    const { sends, steps, escalations } = decide(RULES)
    expect(sends.map(({ how }) => how)).toEqual(['now', 'now'])
    expect(escalations).toEqual([
      {
        destination: 'pager',
        kind: 'step',
        step: 0,
        afterMs: 15 * MINUTE_MS,
        unless: 'acknowledged',
        to: ['second'],
        heldUntil: null,
      },
    ])
    expect(steps).toEqual([
      {
        stage: 'escalation',
        destination: 'pager',
        did: 'scheduled',
        by: '',
        until: NOW + 15 * MINUTE_MS,
        reason: 'second at 2026-12-05T01:15:00Z unless acknowledged',
      },
      { stage: 'escalation', destination: 'soc', did: 'passed', by: '', reason: 'it has no escalation' },
    ])
    expect(decide(RULES, { severity: 'CRITICAL' }).escalations.map(({ step, to }) => [step, to])).toEqual([
      [0, ['second']],
      [1, ['head']],
    ])
  })

  it('is described without a time if the case has none', () => {
    expect(decide(RULES, { now: null }).steps[0]!.reason).toBe('second 15 min later unless acknowledged')
  })

  it('begins at the opening for which the alert waits', () => {
    const sunday = {
      name: 'sunday',
      timezone: 'UTC',
      weekdays: [0],
      times: [{ from: 0, until: 60 }],
      except: [],
    }
    const hours = { during: [sunday], otherwise: 'wait', always: [] } as const
    const { steps, escalations } = decide({ ...RULES, hours })
    expect(escalations[0]!.heldUntil).toBe(Date.parse('2026-12-06T00:00:00Z'))
    expect(steps.find(({ did }) => did === 'scheduled')!.reason).toContain('at 2026-12-06T00:15:00Z')
  })

  it.each([
    ['it is silenced', { silences: [silence('quiet')] }],
    ['INFO needs no answer', { severity: 'INFO' as Severity }],
  ])('is not planned when %s', (_, over) => {
    expect(decide(RULES, over).escalations).toEqual([])
  })

  it('plans the release of an acknowledge that takes too long', () => {
    const { escalations } = decide({ ...NO_HANDLING, ackTimeoutMs: 60 * MINUTE_MS })
    expect(escalations).toMatchObject([{ kind: 'release', unless: 'resolved', afterMs: 60 * MINUTE_MS }])
  })
})
