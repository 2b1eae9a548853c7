import { describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import pagerduty from '../../src/destinations/pagerduty.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf, mostMessage } from '../support/message.ts'
import { acknowledged, onUpdateStage, resolved, update } from '../support/stage.ts'
import { anyObject, listOf, matching, oneOf, table, text } from '../support/wire.ts'

const KEY = 'T0KENT0KENT0KENT0KENT0KENT0KEN00'
const ACCEPTED = { status: 202, body: '{"status":"success","message":"Event processed","dedup_key":"k"}' }

destinationContract('pagerduty', {
  options: (apiUrl) => ({ integrationKey: KEY, apiUrl }),
  errorAnswer: ({ status, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors: [text] }),
  }),
  secrets: [KEY],
  accepts: ACCEPTED,
  cuts: /^summary cut from \d+ to 1024 characters$/,
  meanings: [
    ['202, accepted', ACCEPTED, { result: 'delivered', message: '202: accepted as k' }],
    ['200 of a proxy', { status: 200, body: '<html>' }, { result: 'retry', status: 200 }],
    [
      'an unknown key',
      { status: 400, body: '{"status":"invalid event","errors":["Invalid routing key"]}' },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'an event it does not take',
      { status: 400, body: '{"status":"invalid event","errors":["Length of \'payload.summary\' is 0"]}' },
      { result: 'refused', scope: 'delivery' },
    ],
    ['too many', { status: 429 }, { result: 'retry' }],
  ],
  wires: [
    {
      path: '/v2/enqueue',
      maxBytes: 512_000,
      headers: { 'content-type': 'application/json' },
      body: table({
        routing_key: matching('^[0-9A-Za-z]{32}$'),
        event_action: oneOf('trigger'),
        dedup_key: text(255),
        client: text(),
        'client_url?': matching('^https?://'),
        'links?': listOf(table({ href: matching('^https?://'), text: text() })),
        payload: table({
          summary: text(1_024),
          severity: oneOf('info', 'warning', 'error', 'critical'),
          timestamp: matching('^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$'),
          source: text(),
          custom_details: anyObject,
        }),
      }),
    },
  ],
})

const OPTIONS = { integrationKey: KEY }
const eventOf = (message: ReturnType<typeof messageOf>) => {
  const preview = previewRequest(pagerduty, message, OPTIONS, '1.2.3')
  if ('payload' in preview) throw new Error('pagerduty speaks HTTP')
  return { ...preview, event: JSON.parse(preview.body) }
}

it.each([
  ['INFO', 'info'],
  ['LOW', 'info'],
  ['MEDIUM', 'warning'],
  ['HIGH', 'error'],
  ['CRITICAL', 'critical'],
] as const)('the severity %s is sent as %s', (value, expected) => {
  const { event } = eventOf(messageOf({ severity: { value, source: 'static' } }, ''))
  expect(event.payload.severity).toBe(expected)
})

it('the delivery is the dedup_key, and the notification has every digit', () => {
  const { event, body } = eventOf(messageOf({}, ''))
  expect(event.dedup_key).toBe('d'.repeat(32))
  expect(body).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
  expect(Object.keys(event.payload.custom_details)).toHaveLength(13)
})

it('the context of an event that would be too large is left out, and the receipt says so', () => {
  const context = JSON.stringify({ text: 'x'.repeat(520_000) })
  const { event, notes } = eventOf(mostMessage({ context }))
  expect(notes?.at(-1)).toMatch(/^left out the alert context: \d+ bytes are more than 512000$/)
  expect(event.payload.custom_details).not.toHaveProperty('alertContext')
  expect(event.payload.custom_details.id).toBe('Test.Rule')
})

describe('updates', () => {
  const send = onUpdateStage(pagerduty, OPTIONS)
  const first = { routing_key: KEY, dedup_key: 'f'.repeat(32) }
  const path = 'POST /v2/enqueue'

  it('an acknowledge and a resolve lead to the incident of the alert', async () => {
    const { sent, outcome } = await send(acknowledged, ACCEPTED)
    expect(sent).toEqual([[path, { ...first, event_action: 'acknowledge' }]])
    expect(outcome).toMatchObject({ result: 'delivered', message: '202: accepted as k' })
    expect((await send(resolved, ACCEPTED)).sent).toEqual([[path, { ...first, event_action: 'resolve' }]])
  })

  it('a higher severity triggers the same incident again', async () => {
    const { sent } = await send(update({ events: ['escalated'], severity: 'CRITICAL' }), ACCEPTED)
    expect(sent).toMatchObject([
      [path, { ...first, event_action: 'trigger', payload: { severity: 'critical', source: 'signalbox' } }],
    ])
  })

  it('an alert that escalated and was then acknowledged is triggered before it is acknowledged', async () => {
    const both = { ...acknowledged, events: ['escalated', 'acknowledged'] as const }
    const { sent } = await send(both, ACCEPTED, ACCEPTED)
    expect(sent.map(([, body]) => (body as { event_action: string }).event_action)).toEqual([
      'trigger',
      'acknowledge',
    ])
  })

  it('of an alert that was resolved in the end, only that is sent', async () => {
    const { sent } = await send({ ...resolved, events: ['escalated', 'resolved'] }, ACCEPTED)
    expect(sent).toEqual([[path, { ...first, event_action: 'resolve' }]])
  })
})
