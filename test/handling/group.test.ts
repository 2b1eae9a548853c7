import { describe, expect, it } from 'vitest'
import { handle } from '../../src/handling/handle.ts'
import { NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import type { Severity } from '../../src/model/alerts/severity.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert } from '../support/silences.ts'

const group = { by: ['detection'], forMs: 600_000 } as const

function decide(value: Severity, kind: 'RULE' | 'SYSTEM_ERROR' = 'RULE') {
  const destinations = new Map([['pager', { ...NO_HANDLING, group }]])
  const alert = handledAlert({ kind, severity: { value, source: 'static' } })
  const rules = { ...NO_HANDLING_RULES, destinations }
  return handle(alert, { destinations: ['pager', 'chat'] }, NO_HANDLING_STATE, rules, 0)
}

describe('the group of a destination', () => {
  it('says by what the first alert calls, and what becomes of the others', () => {
    const { sends, steps } = decide('HIGH')
    const by = ['severity', 'HIGH', 'detection', 'AWS.EC2.Reboot']
    expect(sends).toEqual([
      { destination: 'pager', how: 'now', group: { by, forMs: 600_000 } },
      { destination: 'chat', how: 'now' },
    ])
    expect(steps.map(({ did, reason }) => [did, reason])).toEqual([
      [
        'gathered',
        'by detection, severity: the first is sent, others within 10 min are updates of it and do not escalate',
      ],
      ['passed', 'it has no group'],
    ])
  })

  it('leaves alerts about the system alone', () => {
    expect(decide('HIGH', 'SYSTEM_ERROR').sends[0]).toEqual({ destination: 'pager', how: 'now' })
  })
})
