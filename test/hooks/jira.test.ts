import { describe, expect, it } from 'vitest'
import { JIRA_HOOK } from '../../src/hooks/jira.ts'
import { jiraComment, jiraUpdate, SECRET } from '../support/hook-bodies.ts'
import { jiraHeaders } from '../support/hook-signature.ts'

const DELIVERY = 'd'.repeat(32)
const MARK = `signalbox-${DELIVERY}`
const SETTINGS = { closedReasons: { 'Won’t Do': 'expected' } as const, ignoreUsers: ['account-bot'] }
const read = (body: string) => JIRA_HOOK.read(body, SETTINGS)

it('a request that another implementation signed is valid, and no other', () => {
  const body = jiraUpdate('SOC-1')
  const verify = (signature: string | undefined, now = 1) =>
    JIRA_HOOK.verify({ 'x-hub-signature': signature }, Buffer.from(body), SECRET, now)
  const { 'x-hub-signature': valid } = jiraHeaders(SECRET, body)
  expect(verify(valid)).toBeNull()
  expect(verify(valid, 1_767_225_600_000 + 8 * 86_400_000)).toBe('the request is older than 7 days')
  expect(verify(`sha256=${'0'.repeat(64)}`)).toContain('signature')
  expect(verify(undefined)).toContain('signature')
})

describe('requests of Jira', () => {
  it('an issue that a person moves to Done resolves the alert of its mark', () => {
    expect(read(jiraUpdate('SOC-1', { labels: ['x', MARK] }))).toEqual({
      acts: [
        {
          id: '',
          verb: 'resolve',
          reason: 'fixed',
          alert: { by: 'delivery', id: DELIVERY },
          actor: { id: 'account-ann', name: 'Ann' },
          note: '',
        },
      ],
      records: [{ record: 'SOC-1', delivery: DELIVERY }],
    })
  })

  it('the resolution chooses the reason', () => {
    expect(read(jiraUpdate('SOC-1', { resolution: 'Won’t Do' }))?.acts).toMatchObject([
      { reason: 'expected' },
    ])
    expect(read(jiraUpdate('SOC-1', { resolution: 'constructor' }))?.acts).toMatchObject([
      { reason: 'fixed' },
    ])
  })

  it('the mark can be the end of the description', () => {
    const issue = { key: 'SOC-1', fields: { description: `a text\n\n${MARK}` } }
    expect(read(JSON.stringify({ webhookEvent: 'jira:issue_created', issue }))).toEqual({
      acts: [],
      records: [{ record: 'SOC-1', delivery: DELIVERY }],
    })
  })

  it('a comment names only the issue', () => {
    expect(read(jiraComment('SOC-1', 'I look'))?.acts).toMatchObject([
      { id: 'comment 7', verb: 'comment', note: 'I look', alert: { by: 'record', id: 'SOC-1' } },
    ])
  })

  it('the comments of Signalbox, its own user, and other changes do nothing', () => {
    expect(read(jiraComment('SOC-1', `Resolved by ann: fixed.\n\n${MARK}`))?.acts).toEqual([])
    expect(read(jiraComment('SOC-1', 'by the bot', { author: 'account-bot' }))?.acts).toEqual([])
    expect(read(jiraUpdate('SOC-1', { user: 'account-bot' }))?.acts).toEqual([])
    expect(read(jiraUpdate('SOC-1', { category: 'indeterminate' }))?.acts).toEqual([])
    for (const body of ['', '[]', '{}']) expect(read(body), body).toBeNull()
  })
})
