import { describe, expect, it } from 'vitest'
import { textsAt } from '../../src/handling/alert-match.ts'
import { handle } from '../../src/handling/handle.ts'
import { type HandledAlert, NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import type { AlertMatch, Silence } from '../../src/model/alerts/silence.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert, silence } from '../support/silences.ts'

const NOW = Date.parse('2026-12-05T00:30:00Z')
const route = { destinations: ['soc', 'pager'] }

function decide(silences: readonly Silence[], over: Partial<HandledAlert> = {}, now: number | null = NOW) {
  return handle(handledAlert(over), route, NO_HANDLING_STATE, { ...NO_HANDLING_RULES, silences }, now)
}
const hiddenAt = (...given: Parameters<typeof decide>) =>
  decide(...given)
    .sends.filter(({ how }) => how === 'none')
    .map(({ destination }) => destination)

describe('the handling of an alert', () => {
  it('sends the alert to each destination now if there is no rule, and has no step', () => {
    expect(decide([])).toEqual({
      sends: [
        { destination: 'soc', how: 'now' },
        { destination: 'pager', how: 'now' },
      ],
      steps: [],
      escalations: [],
    })
  })

  it('hides the alert at the destinations of a silence, and says why at each destination', () => {
    const patching = silence('patching', { until: NOW + 1_000, destinations: ['soc'] })
    expect(decide([patching])).toEqual({
      sends: [
        { destination: 'soc', how: 'none' },
        { destination: 'pager', how: 'now' },
      ],
      steps: [
        {
          stage: 'silence',
          destination: 'soc',
          did: 'hid',
          by: 'patching',
          until: NOW + 1_000,
          reason: 'patching until 2026-12-05T00:30:01Z (platform@example.com: Kernel patching)',
        },
        {
          stage: 'silence',
          destination: 'pager',
          did: 'passed',
          by: '',
          reason: 'patching is only for soc',
        },
      ],
      escalations: [],
    })
  })

  it('names the silence that ends last, of the file or of the store', () => {
    const rules = { ...NO_HANDLING_RULES, silences: [silence('one', { until: NOW + 1 })] }
    const state = {
      ...NO_HANDLING_STATE,
      silences: [silence('s-2', { until: NOW + 2 }), silence('s-3', { until: NOW + 2 })],
    }
    const { steps } = handle(handledAlert(), route, state, rules, NOW)
    expect(steps.map(({ by }) => by)).toEqual(['s-2', 's-2'])
  })

  it('says that no silence matches in one step', () => {
    const others = ['one', 'two'].map((id) => silence(id, { match: { detections: ['Other.*'] } }))
    expect(decide(others).steps).toEqual([
      { stage: 'silence', did: 'passed', by: '', reason: 'none of 2 silences matches' },
    ])
  })

  it.each([
    ['before it begins', { from: NOW + 1 }, []],
    ['when it begins', { from: NOW }, ['soc', 'pager']],
    ['until the last millisecond', { until: NOW + 1 }, ['soc', 'pager']],
    ['at its end', { until: NOW }, []],
  ])('a silence %s', (_, over, expected) => {
    expect(hiddenAt([silence('x', over)])).toEqual(expected)
  })

  it('asks silences without their times if the case has no time', () => {
    expect(hiddenAt([silence('x', { until: 0 })], {}, null)).toEqual(['soc', 'pager'])
  })

  it('leaves errors and alerts about the system alone unless a silence names their kind', () => {
    const all = silence('all')
    const errors = silence('errors', { match: { alertTypes: ['RULE_ERROR', 'SYSTEM_ERROR'] } })
    for (const kind of ['RULE_ERROR', 'SYSTEM_ERROR'] as const) {
      expect(hiddenAt([all], { kind })).toEqual([])
      expect(hiddenAt([errors], { kind })).toEqual(['soc', 'pager'])
    }
    expect(hiddenAt([errors], { kind: 'HEARTBEAT' })).toEqual([])
    expect(hiddenAt([errors])).toEqual([])
  })
})

describe('a match of a silence', () => {
  it.each<[AlertMatch, boolean]>([
    [{}, true],
    [{ detections: ['AWS.EC2.*'] }, true],
    [{ detections: ['AWS.EC2'] }, false],
    [{ severities: ['LOW', 'MEDIUM'] }, true],
    [{ severities: ['HIGH'] }, false],
    [{ logTypes: ['AWS.*'] }, true],
    [{ logTypes: ['GCP.*'] }, false],
    [{ tags: ['Other', 'Patch*'] }, true],
    [{ tags: ['Other'] }, false],
    [{ title: ['*reboot*'] }, true],
    [{ title: ['reboot'] }, false],
    [{ alertTypes: ['RULE'] }, true],
    [{ alertTypes: ['POLICY'] }, false],
    [{ context: { 'host.name': ['web-*'] } }, true],
    [{ context: { 'host.name': ['db-*'] } }, false],
    [{ context: { count: ['3'] } }, true],
    [{ context: { absent: ['*'] } }, false],
    [{ detections: ['AWS.*'], severities: ['HIGH'] }, false],
  ])('%j', (match, expected) => {
    expect(hiddenAt([silence('x', { match })]).length > 0).toBe(expected)
    const except = silence('x', { except: match })
    expect(hiddenAt([except]).length > 0).toBe(!expected)
  })

  it.each([
    [{ a: { b: 'x' } }, 'a.b', ['x']],
    [{ 'a.b': { c: 'x' } }, 'a.b.c', ['x']],
    [{ a: [{ b: 'x' }, { b: true }] }, 'a.b', ['x', 'true']],
    [{ a: ['x', 2] }, 'a', ['x', '2']],
    [{ a: { b: {} } }, 'a.b', []],
    [{ a: null }, 'a', []],
    [{ ab: 'x' }, 'a', []],
  ])('reads %j at %s', (value, path, expected) => {
    expect(textsAt(value, path)).toEqual(expected)
  })
})
