import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import datadog from '../../src/destinations/datadog.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { listOf, oneOf, table, text } from '../support/wire.ts'

destinationContract('datadog', {
  options: (apiUrl) => ({ apiUrl, apiKey: 'T0KEN-of-datadog', host: 'soc-1', tags: ['team:soc'] }),
  accepts: { status: 202, body: '{"status":"ok","event":{"id":4872911437466190000}}' },
  errorAnswer: ({ status, text: reason }) => ({
    status: status ?? 400,
    body: JSON.stringify({ errors: [reason] }),
  }),
  secrets: ['T0KEN-of-datadog'],
  cuts: /title cut from \d+ to 100 characters/,
  meanings: [
    [
      '202, accepted',
      { status: 202, body: '{"status":"ok","event":{"id":1}}' },
      { result: 'delivered', message: '202: accepted as an event' },
    ],
    [
      'a key of another site',
      { status: 403, body: '{"errors":["Forbidden"]}' },
      {
        result: 'refused',
        scope: 'destination',
        message: '403: Forbidden (the key, or the site in `apiUrl`)',
      },
    ],
  ],
  wires: [
    {
      path: '/api/v1/events',
      headers: { 'content-type': 'application/json', 'dd-api-key': 'T0KEN-of-datadog' },
      body: table({
        title: text(100),
        text: text(4_000),
        alert_type: oneOf('error', 'warning', 'info', 'success'),
        priority: oneOf('normal', 'low'),
        aggregation_key: text(100),
        'date_happened?': { type: 'integer', minimum: 1 },
        'host?': text(),
        tags: listOf(text(200)),
      }),
    },
  ],
})

interface SentEvent {
  readonly text: string
  readonly title: string
  readonly date_happened?: number
}

function sent(message: ReturnType<typeof messageOf>): SentEvent {
  const preview = previewRequest(datadog, message, { apiKey: 'T0KEN-of-datadog' }, '1.2.3') as {
    body: string
  }
  return JSON.parse(preview.body) as SentEvent
}

it('no text of an alert mentions anyone or ends the Markdown', () => {
  const hostile = '@all @slack-general %%% a@example.com'
  const context = JSON.stringify({ text: hostile })
  const { title, text: body } = sent(messageOf({ title: hostile, description: hostile, context }, ''))
  expect(`${title} ${body}`).not.toMatch(/@\w/)
  expect(body.split('%%%')).toEqual(['', expect.any(String), ''])
})

it('an event that is older than Datadog accepts is sent without its time', () => {
  const message = messageOf({}, '')
  const createdAt = Date.parse(message.notification.createdAt)
  expect(sent({ ...message, at: createdAt + 17 * 3_600_000 }).date_happened).toBe(createdAt / 1_000)
  expect(sent({ ...message, at: createdAt + 19 * 3_600_000 }).date_happened).toBeUndefined()
})
