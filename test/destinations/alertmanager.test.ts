import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import alertmanager from '../../src/destinations/alertmanager.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { listOf, matching, table, text } from '../support/wire.ts'

const TIME = matching('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z$')

destinationContract('alertmanager', {
  options: (url) => ({ url, bearerToken: 'T0KEN-of-am', labels: { team: 'soc' } }),
  accepts: { status: 200 },
  bodyless: (status) => status === 200,
  errorAnswer: ({ status, text: reason }) => ({ status: status ?? 400, body: JSON.stringify(reason) }),
  secrets: ['T0KEN-of-am'],
  cuts: /summary cut from \d+ to 1024 characters/,
  meanings: [
    [
      'a label that it refuses',
      { status: 400, body: '"at least one label pair required"' },
      {
        result: 'refused',
        scope: 'delivery',
        message: '400: at least one label pair required (a label or an annotation that it refuses)',
      },
    ],
    [
      'a request that its schema refuses',
      { status: 422, body: '{"code":601,"message":"startsAt in body must be of type date-time"}' },
      { result: 'refused', scope: 'delivery' },
    ],
  ],
  wires: [
    {
      path: '/api/v2/alerts',
      headers: { 'content-type': 'application/json', authorization: 'Bearer T0KEN-of-am' },
      body: listOf(
        table({
          labels: {
            type: 'object',
            propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' },
            additionalProperties: text(),
            properties: { alertname: text() },
            required: ['alertname'],
          },
          annotations: table({ summary: text(1_024), description: text(16_384) }),
          startsAt: TIME,
          endsAt: TIME,
          'generatorURL?': matching('^https?://'),
        }),
        { minItems: 1, maxItems: 1 },
      ) as Readonly<Record<string, unknown>>,
    },
  ],
})

interface Sent {
  readonly labels: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

function sent(message: ReturnType<typeof messageOf>, options: object): Sent {
  const preview = previewRequest(alertmanager, message, { url: 'https://x', ...options }, '1.2.3') as {
    body: string
  }
  return (JSON.parse(preview.body) as Sent[])[0]!
}

it('an alert that is delivered late is active after its delivery', () => {
  const message = messageOf({}, '')
  const at = Date.parse(message.notification.createdAt) + 86_400_000
  const { startsAt, endsAt } = sent({ ...message, at }, { activeMinutes: 30 })
  expect(startsAt).toBe(message.notification.createdAt)
  expect(Date.parse(endsAt) - at).toBe(30 * 60_000)
})

it('an option does not replace a label by which the alert is identified', () => {
  const { labels } = sent(messageOf({}, ''), { labels: { alert_id: 'x', team: 'soc' } })
  expect(labels.alert_id).toBe(messageOf({}, '').notification.alertId)
  expect(labels.team).toBe('soc')
})
