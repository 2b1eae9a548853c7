import { describe, expect, it } from 'vitest'
import { handle } from '../../src/handling/handle.ts'
import { NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import { type DestinationHours, NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert, silence } from '../support/silences.ts'

const office = {
  name: 'office',
  timezone: 'Europe/Berlin',
  weekdays: [1, 2, 3, 4, 5],
  times: [{ from: 480, until: 1_080 }],
  except: [],
}
const OPENING = Date.parse('2026-12-07T08:00:00+01:00')
const SATURDAY = Date.parse('2026-12-05T12:00:00+01:00')
const WAITS: DestinationHours = { during: [office], otherwise: 'wait', always: ['CRITICAL'] }

function decide(
  hours: DestinationHours,
  now: number | null,
  { severity = 'HIGH', kind = 'RULE', silences = [silence('x', { match: { detections: ['none'] } })] } = {},
) {
  const alert = handledAlert({ severity: { value: severity, source: 'static' }, kind } as never)
  const rules = {
    ...NO_HANDLING_RULES,
    silences,
    destinations: new Map([['mail', { ...NO_HANDLING, hours }]]),
  }
  const { sends, steps } = handle(alert, { destinations: ['mail', 'soc'] }, NO_HANDLING_STATE, rules, now)
  return { sends, steps: steps.filter(({ stage }) => stage === 'hours') }
}

describe('the hours of a destination', () => {
  it('hold an alert until the next opening, and say when that is', () => {
    expect(decide(WAITS, SATURDAY)).toEqual({
      sends: [
        { destination: 'mail', how: 'at', at: OPENING },
        { destination: 'soc', how: 'now' },
      ],
      steps: [
        {
          stage: 'hours',
          destination: 'mail',
          did: 'held',
          by: 'office',
          until: OPENING,
          reason: 'office opens Mon 2026-12-07 08:00 Europe/Berlin',
        },
        { stage: 'hours', destination: 'soc', did: 'passed', by: '', reason: 'it has no hours' },
      ],
    })
  })

  it.each([
    ['they are open', OPENING, {}, 'office is open until Mon 2026-12-07 18:00 Europe/Berlin'],
    ['the severity is always sent', SATURDAY, { severity: 'CRITICAL' }, 'CRITICAL is sent at any time'],
    ['the case has no time', null, {}, 'not decided: the case has no time'],
  ])('send an alert now if %s', (_, now, over, reason) => {
    const { sends, steps } = decide(WAITS, now, over)
    expect(sends[0]).toEqual({ destination: 'mail', how: 'now' })
    expect(steps[0]).toMatchObject({ did: 'passed', reason })
  })

  it('never drop an alert because an interval does not open any more', () => {
    const { sends, steps } = decide({ ...WAITS, during: [{ ...office, weekdays: [] }] }, SATURDAY)
    expect(sends[0]).toEqual({ destination: 'mail', how: 'now' })
    expect(steps[0]!.reason).toBe('office does not open within 400 days, so that nothing is held')
  })

  it('leave alerts about the system as they are', () => {
    expect(decide(WAITS, SATURDAY, { kind: 'SYSTEM_ERROR' })).toMatchObject({
      sends: [{ how: 'now' }, {}],
      steps: [],
    })
  })

  const replaced: DestinationHours = { ...WAITS, otherwise: { to: ['night', 'soc'] } }

  it('can send the alert to other destinations instead, to each of them once', () => {
    const { sends, steps } = decide(replaced, SATURDAY)
    expect(sends).toEqual([
      { destination: 'mail', how: 'none' },
      { destination: 'soc', how: 'now' },
      { destination: 'night', how: 'now' },
    ])
    expect(steps[0]).toMatchObject({
      did: 'replaced',
      reason: 'office is closed, so that night, soc gets the alert instead',
    })
  })

  it('do not send it to others against a silence', () => {
    const silences = [silence('quiet', { destinations: ['night', 'soc'] })]
    expect(decide(replaced, SATURDAY, { silences }).sends).toEqual([
      { destination: 'mail', how: 'none' },
      { destination: 'soc', how: 'none' },
      { destination: 'night', how: 'none' },
    ])
  })
})
