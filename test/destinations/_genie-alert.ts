/** What the alert API of Opsgenie accepts and answers, which Jira Service Management continues. */
import type { DestinationFixture } from '../contract/destination.ts'
import { listOf, oneOf, table, text } from '../support/wire.ts'

interface GenieFixture {
  readonly apiKey: string
  readonly responder: object
  /** The form of a responder, which differs. */
  readonly responderOnWire: object
}

export const genieFixture = ({ apiKey, responder, responderOnWire }: GenieFixture): DestinationFixture => ({
  options: (apiUrl) => ({ apiUrl, apiKey, tags: ['soc'], responders: [responder] }),
  accepts: { status: 202, body: '{"result":"Request will be processed","requestId":"r-1"}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 422,
    body: JSON.stringify({ message: text, ...(code && { errors: { [code]: 'is invalid' } }) }),
  }),
  secrets: [apiKey],
  cuts: /message cut from \d+ to 130 characters/,
  meanings: [
    [
      '202, accepted',
      { status: 202, body: '{"result":"Request will be processed","requestId":"r-1"}' },
      { result: 'delivered', message: '202: accepted as request r-1' },
    ],
    [
      'a key that may not create',
      {
        status: 422,
        body: '{"message":"Key format is not valid: the API Key belongs to another integration"}',
      },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'an alert it does not take',
      { status: 422, body: '{"message":"Request body is not processable"}' },
      { scope: 'delivery' },
    ],
  ],
  wires: [
    {
      path: '/v2/alerts',
      headers: { 'content-type': 'application/json', authorization: `GenieKey ${apiKey}` },
      body: table({
        message: text(130),
        alias: text(512),
        description: text(15_000),
        responders: listOf(responderOnWire),
        tags: listOf(text(50), { maxItems: 20 }),
        details: table({ detection: text(), alertId: text() }),
        entity: text(512),
        source: text(100),
        priority: oneOf('P1', 'P2', 'P3', 'P4', 'P5'),
      }),
    },
  ],
})
