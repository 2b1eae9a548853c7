/** What acts of people do to the status of an alert. */
import { describe, expect, it } from 'vitest'
import { type AlertAct, auditedValues, decideStatus } from '../../src/alerts/status-change.ts'
import { type AlertStatus, CLOSED_REASONS, initialStatus } from '../../src/model/alerts/alert-status.ts'

const open = initialStatus('HIGH', 0)
const acknowledged: AlertStatus = { ...open, version: 2, status: 'acknowledged', changedBy: 'ann' }
const resolved: AlertStatus = { ...open, version: 3, status: 'resolved', reason: 'fixed', changedBy: 'ann' }

const acknowledge: AlertAct = { verb: 'acknowledge', note: '' }
const resolve: AlertAct = { verb: 'resolve', note: '', reason: 'fixed' }
const reopen: AlertAct = { verb: 'reopen', note: '' }
const comment: AlertAct = { verb: 'comment', note: 'seen before' }

describe('an act', () => {
  it.each<[string, AlertStatus, AlertAct, string, string, string]>([
    ['acknowledge', open, acknowledge, 'ann', 'changed', 'acknowledged'],
    ['acknowledge by the same person', acknowledged, acknowledge, 'ann', 'unchanged', 'acknowledged'],
    ['acknowledge by another person', acknowledged, acknowledge, 'bob', 'changed', 'acknowledged'],
    ['acknowledge that comes late', resolved, acknowledge, 'bob', 'late', 'resolved: fixed'],
    ['resolve', open, resolve, 'ann', 'changed', 'resolved: fixed'],
    ['resolve of what is acknowledged', acknowledged, resolve, 'bob', 'changed', 'resolved: fixed'],
    ['resolve by the same person', resolved, resolve, 'ann', 'unchanged', 'resolved: fixed'],
    ['resolve by another person', resolved, resolve, 'bob', 'changed', 'resolved: fixed'],
    [
      'resolve with another reason',
      resolved,
      { ...resolve, reason: 'duplicate' },
      'ann',
      'changed',
      'resolved: duplicate',
    ],
    ['reopen', resolved, reopen, 'bob', 'changed', 'open'],
    ['release of what is acknowledged', acknowledged, reopen, 'ann', 'changed', 'open'],
    ['reopen of what is open', open, reopen, 'ann', 'unchanged', 'open'],
    ['comment', open, comment, 'ann', 'commented', 'open'],
    ['comment on what is resolved', resolved, comment, 'ann', 'commented', 'resolved: fixed'],
    ['empty comment', open, { ...comment, note: '' }, 'ann', 'unchanged', 'open'],
  ])('%s', (_, before, act, actor, result, after) => {
    const decision = decideStatus(before, act, actor, 9)
    expect(decision.result).toBe(result)
    expect(auditedValues(before, decision).after).toBe(after)
    if (result !== 'changed') return expect(decision.status).toBeNull()
    expect(decision.status).toMatchObject({ version: before.version + 1, changedAt: 9, changedBy: actor })
  })

  it('a repetition with a note is a comment', () => {
    const again = decideStatus(acknowledged, { ...acknowledge, note: 'still on it' }, 'ann', 9)
    expect(again).toMatchObject({ result: 'commented', verb: 'commented', note: 'still on it' })
  })

  it('a late acknowledge is recorded as a comment that says so', () => {
    const late = decideStatus(resolved, { ...acknowledge, note: 'on it' }, 'bob', 9)
    expect(late).toMatchObject({
      verb: 'commented',
      note: 'acknowledged after it was resolved: on it',
      status: null,
    })
  })

  it('an assignment shows the people before and after', () => {
    const assigned = decideStatus(
      { ...open, assignee: 'ann' },
      { verb: 'assign', note: '', assignee: 'bob' },
      'eve',
      9,
    )
    expect(assigned).toMatchObject({ verb: 'assigned', status: { assignee: 'bob', status: 'open' } })
    expect(auditedValues({ ...open, assignee: 'ann' }, assigned)).toEqual({ before: 'ann', after: 'bob' })
    const taken = decideStatus(open, { ...acknowledge, assignee: 'ann' }, 'ann', 9)
    expect(taken.status).toMatchObject({ assignee: 'ann', status: 'acknowledged' })
  })

  it('only a matter that is over ends the window of its group', () => {
    const ending = CLOSED_REASONS.filter(
      (reason) => decideStatus(open, { ...resolve, reason }, 'ann', 9).endsGroup,
    )
    expect(ending).toEqual(['true-positive', 'fixed'])
  })
})
