import { describe, expect, it } from 'vitest'
import { PAGERDUTY_HOOK } from '../../src/hooks/pagerduty.ts'
import { pagerDutyEvent, SECRET } from '../support/hook-bodies.ts'
import { pagerDutyHeaders } from '../support/hook-signature.ts'

const DELIVERY = 'd'.repeat(32)
const NOW = Date.parse('2026-01-01T00:00:00Z')
const DAY = 86_400_000
const read = (body: string, ignoreUsers: readonly string[] = []) =>
  PAGERDUTY_HOOK.read(body, { closedReasons: {}, ignoreUsers })
const INCIDENT = { id: 'Q1', incident_key: DELIVERY }

describe('signatures of PagerDuty', () => {
  const body = pagerDutyEvent('acknowledged', INCIDENT)
  const verify = (signature: string | undefined, now = NOW) =>
    PAGERDUTY_HOOK.verify({ 'x-pagerduty-signature': signature }, Buffer.from(body), SECRET, now)
  const { 'x-pagerduty-signature': valid } = pagerDutyHeaders(SECRET, body)

  it('one of several signatures is enough, because a secret is replaced', () => {
    expect(verify(valid)).toBeNull()
    expect(verify(`v1=${'0'.repeat(64)}, ${valid}`)).toBeNull()
    expect(verify(`v1=${'0'.repeat(64)}`)).toContain('signature')
    expect(verify(undefined)).toContain('signature')
  })

  it('an event is refused after a week', () => {
    expect(verify(valid, NOW + 7 * DAY)).toBeNull()
    expect(verify(valid, NOW + 7 * DAY + 1)).toBe('the event is older than 7 days')
  })
})

describe('events of PagerDuty', () => {
  it('a person acknowledges and resolves the alert of the delivery', () => {
    const common = {
      id: 'E1',
      alert: { by: 'delivery', id: DELIVERY },
      actor: { id: 'PANN', name: 'Ann' },
      note: '',
    }
    expect(read(pagerDutyEvent('acknowledged', INCIDENT))).toEqual({
      acts: [{ ...common, verb: 'acknowledge' }],
      records: [{ record: 'Q1', delivery: DELIVERY }],
    })
    expect(read(pagerDutyEvent('resolved', INCIDENT))?.acts).toEqual([
      { ...common, verb: 'resolve', reason: 'fixed' },
    ])
  })

  it('a note names only the incident', () => {
    const data = { id: 'N1', content: 'I look', incident: { id: 'Q1', type: 'incident_reference' } }
    expect(read(pagerDutyEvent('annotated', data))?.acts).toMatchObject([
      { verb: 'comment', note: 'I look', alert: { by: 'record', id: 'Q1' } },
    ])
  })

  it('what an integration did, what has no agent, and other events change nothing', () => {
    const agent = { id: 'PINT', type: 'events_api_v2_inbound_integration_reference', summary: 'x' }
    expect(read(pagerDutyEvent('acknowledged', INCIDENT, { agent }))?.acts).toEqual([])
    expect(
      read(
        JSON.stringify({ event: { id: 'E', event_type: 'incident.resolved', agent: null, data: INCIDENT } }),
      )?.acts,
    ).toEqual([])
    expect(read(pagerDutyEvent('acknowledged', INCIDENT), ['PANN'])?.acts).toEqual([])
    expect(read(pagerDutyEvent('reopened', INCIDENT))?.acts).toEqual([])
    expect(read(pagerDutyEvent('triggered', INCIDENT))?.records).toEqual([
      { record: 'Q1', delivery: DELIVERY },
    ])
    for (const body of ['', '[]', '{"event":{}}']) expect(read(body), body).toBeNull()
  })
})
