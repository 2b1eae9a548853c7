import { describe, expect, it } from 'vitest'
import { SLACK_HOOK } from '../../src/hooks/slack.ts'
import { SECRET, slackCommand, slackPress } from '../support/hook-bodies.ts'
import { slackHeaders } from '../support/hook-signature.ts'

const ALERT = 'a'.repeat(32)
const NOW = Date.parse('2026-01-01T00:00:00Z')
const SETTINGS = { closedReasons: {}, ignoreUsers: [] }
const read = (body: string) => SLACK_HOOK.read(body, SETTINGS)

describe('signatures of Slack', () => {
  const body = slackPress(ALERT)
  const headers = slackHeaders(SECRET, body, NOW)
  const verify = (over: Record<string, string | undefined>, text = body, now = NOW) =>
    SLACK_HOOK.verify({ ...headers, ...over }, Buffer.from(text), SECRET, now)

  it('a request that another implementation signed is valid for five minutes', () => {
    expect(verify({})).toBeNull()
    expect(verify({}, body, NOW + 299_000)).toBeNull()
    expect(verify({}, body, NOW + 302_000)).toBe('the request is older than 5 minutes')
  })

  it('a changed body, another time, another secret and a missing header are refused', () => {
    expect(verify({}, `${body}&x=1`)).toContain('signature')
    expect(verify({ 'x-slack-request-timestamp': String(NOW / 1_000 + 1) })).toContain('signature')
    expect(verify({ 'x-slack-signature': undefined })).toContain('signature')
    expect(verify({ 'x-slack-signature': 'v0=00' })).toContain('signature')
    expect(verify({ 'x-slack-request-timestamp': undefined })).toContain('X-Slack-Request-Timestamp')
    expect(SLACK_HOOK.verify(headers, Buffer.from(body), `${SECRET}x`, NOW)).toContain('signature')
  })
})

describe('requests of Slack', () => {
  it('the button acknowledges, and the menu resolves with its reason', () => {
    const common = { id: '', alert: { by: 'alert', id: ALERT }, actor: { id: 'U123', name: 'ann' }, note: '' }
    expect(read(slackPress(ALERT))?.acts).toEqual([{ ...common, verb: 'acknowledge' }])
    const resolve = slackPress(ALERT, { action: 'signalbox_resolve', reason: 'false-positive' })
    expect(read(resolve)?.acts).toEqual([{ ...common, verb: 'resolve', reason: 'false-positive' }])
  })

  it('other controls, other reasons and other ids do nothing', () => {
    expect(read(slackPress(ALERT, { action: 'signalbox_reopen' }))?.acts).toEqual([])
    expect(read(slackPress(ALERT, { action: 'signalbox_resolve', reason: 'because' }))?.acts).toEqual([])
    expect(read(slackPress('../etc/passwd'))?.acts).toEqual([])
    expect(read('payload=%7B%22type%22%3A%22view_submission%22%7D')?.acts).toEqual([])
  })

  it('the slash command has the three verbs, and explains itself otherwise', () => {
    expect(read(slackCommand(`ack ${ALERT} I look`))?.acts).toMatchObject([
      { verb: 'acknowledge', note: 'I look' },
    ])
    expect(read(slackCommand(`resolve ${ALERT} fixed a reboot`))?.acts).toMatchObject([
      { verb: 'resolve', reason: 'fixed', note: 'a reboot' },
    ])
    expect(read(slackCommand(`comment ${ALERT} seen before`))?.acts).toMatchObject([
      { verb: 'comment', note: 'seen before' },
    ])
    for (const text of [
      '',
      'help',
      `reopen ${ALERT}`,
      `resolve ${ALERT} because`,
      'ack 12',
      `comment ${ALERT}`,
    ])
      expect(read(slackCommand(text))).toMatchObject({
        acts: [],
        answer: { text: expect.stringContaining('Use:') },
      })
  })

  it('the check of the address is answered with its text', () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: 'c1' })
    expect(read(body)).toEqual({ acts: [], answer: { challenge: 'c1' } })
  })

  it('a body of another form is none', () => {
    for (const body of [
      '',
      '{',
      'payload=%7B',
      'a=b',
      `payload=${encodeURIComponent('{"type":"block_actions"}')}`,
    ])
      expect(read(body), body).toBeNull()
  })
})
