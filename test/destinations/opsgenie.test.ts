import { expect, it } from 'vitest'
import opsgenie from '../../src/destinations/opsgenie.ts'
import { destinationContract } from '../contract/destination.ts'
import { anyObject, listOf, oneOf, table, text } from '../support/wire.ts'

destinationContract('opsgenie', {
  options: (apiUrl) => ({
    apiUrl,
    apiKey: 'T0KEN-of-genie',
    tags: ['soc'],
    responders: [{ name: 'SOC', type: 'team' }],
  }),
  accepts: { status: 202, body: '{"result":"Request will be processed","requestId":"r-1"}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 422,
    body: JSON.stringify({ message: text, ...(code && { errors: { [code]: 'is invalid' } }) }),
  }),
  secrets: ['T0KEN-of-genie'],
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
      headers: { 'content-type': 'application/json', authorization: 'GenieKey T0KEN-of-genie' },
      body: table({
        message: text(130),
        alias: text(512),
        description: text(15_000),
        responders: listOf(anyObject),
        tags: listOf(text(50), { maxItems: 20 }),
        details: table({ detection: text(), alertId: text() }),
        entity: text(512),
        source: text(100),
        priority: oneOf('P1', 'P2', 'P3', 'P4', 'P5'),
      }),
    },
  ],
})

it.each([
  [undefined, true],
  ['https://api.eu.opsgenie.com', true],
  ['https://API.opsgenie.com:443/', true],
  ['https://api.atlassian.com/jsm/ops/integration', false],
  ['https://opsgenie.com.example.net', false],
  ['https://not-opsgenie.com', false],
  ['$' + '{env:GENIE_URL}', false],
])('the end of Opsgenie is reported for its own API alone: %s', (apiUrl, ends) => {
  const options = { apiKey: 'T0KEN-of-genie', ...(apiUrl && { apiUrl }) } as never
  expect(opsgenie.endOfSupport?.(options)?.message).toBe(
    ends ? 'Opsgenie and its API end on 5 April 2027' : undefined,
  )
})
