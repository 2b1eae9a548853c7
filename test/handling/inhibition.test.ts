import { describe, expect, it } from 'vitest'
import { handle } from '../../src/handling/handle.ts'
import { inhibitionKeys, startedInhibitions } from '../../src/handling/inhibition-stage.ts'
import { type HandledAlert, NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import { statedInhibitors } from '../../src/handling/stated-inhibitors.ts'
import type { Inhibition } from '../../src/model/alerts/inhibition.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert } from '../support/silences.ts'

const NOW = 1_000_000
const rule: Inhibition = {
  id: 'outage',
  when: { detections: ['Host.Down'] },
  hide: { detections: ['AWS.*'] },
  equal: ['host.name', 'title'],
  forMs: 60_000,
}
const down = (over: Partial<HandledAlert> = {}) => handledAlert({ detection: 'Host.Down', ...over })
const started = (alert: HandledAlert) => startedInhibitions([rule], alert, { alertId: 'a', at: NOW })
const decided = (alert: HandledAlert, inhibitors: ReturnType<typeof started>, now: number | null = NOW) => {
  const rules = { ...NO_HANDLING_RULES, inhibitions: [rule] }
  const state = { ...NO_HANDLING_STATE, inhibitors: new Map(inhibitors) }
  return handle(alert, { destinations: ['soc', 'pager'] }, state, rules, now)
}

describe('the stage of inhibition', () => {
  it('hides the alert from all destinations while the values are equal', () => {
    const { sends, steps } = decided(handledAlert(), started(down()))
    expect(sends.map(({ how }) => how)).toEqual(['none', 'none'])
    expect(
      steps.map(({ stage, destination, did, by, until }) => [stage, destination, did, by, until]),
    ).toEqual([
      ['inhibition', 'soc', 'hid', 'outage', NOW + 60_000],
      ['inhibition', 'pager', 'hid', 'outage', NOW + 60_000],
    ])
  })

  it.each<[string, Partial<HandledAlert>]>([
    ['another value of the context', { context: '{"host":{"name":"web-2"}}' }],
    ['no value in the context', { context: '{}' }],
    ['another title', { title: 'other' }],
    ['another detection', { detection: 'GCP.Login' }],
    ['an error', { kind: 'RULE_ERROR' }],
  ])('lets an alert pass that has %s', (_, over) => {
    expect(decided(handledAlert(over), started(down())).sends.map(({ how }) => how)).toEqual(['now', 'now'])
  })

  it.each<[string, number | null, string]>([
    ['before', NOW - 1, 'now'],
    ['at the beginning', NOW, 'none'],
    ['just before the end', NOW + 59_999, 'none'],
    ['at the end', NOW + 60_000, 'now'],
    ['without a time', null, 'none'],
  ])('%s', (_, now, how) => {
    expect(decided(handledAlert(), started(down()), now).sends[0]!.how).toBe(how)
  })

  it('compares lists whatever their order is, and numbers as they are written', () => {
    const keys = (context: string) => inhibitionKeys([{ ...rule, equal: ['ids'] }], handledAlert({ context }))
    expect(keys('{"ids":["b","a"]}')).toEqual(keys('{"ids":["a","b"]}'))
    expect(keys('{"ids":[1]}')).toEqual(keys('{"ids":["1"]}'))
    expect(keys('{"ids":["a,b"]}')).not.toEqual(keys('{"ids":["a","b"]}'))
    expect(keys('{"ids":[]}')).toEqual([])
  })

  it('asks for no key of an alert that no rule concerns', () => {
    expect(inhibitionKeys([rule], handledAlert({ detection: 'GCP.Login' }))).toEqual([])
  })
})

describe('an open alert that a case states', () => {
  const stated = (when: Inhibition['when'], open: Parameters<typeof statedInhibitors>[1][number]) =>
    statedInhibitors([{ ...rule, when, equal: [] }], [open], NOW).size

  it('meets the conditions about what it does not state', () => {
    const open = { detection: 'Host.Down' }
    expect(stated({ detections: ['Host.*'], severities: ['HIGH'], tags: ['x'] }, open)).toBe(1)
    expect(stated({ detections: ['Other.*'] }, open)).toBe(0)
  })

  it.each<[Inhibition['when'], object, number]>([
    [{ severities: ['HIGH'] }, { severity: 'HIGH' }, 1],
    [{ severities: ['HIGH'] }, { severity: 'LOW' }, 0],
    [{ title: ['down*'] }, { title: 'up' }, 0],
    [{ tags: ['x'] }, { tags: ['x'] }, 1],
    [{ logTypes: ['A.*'] }, { logTypes: ['B.C'] }, 0],
    [{ context: { host: ['web-*'] } }, { context: '{"host":"db-1"}' }, 0],
  ])('%j and %j', (when, more, count) => {
    expect(stated(when, { detection: 'Host.Down', ...more })).toBe(count)
  })
})
