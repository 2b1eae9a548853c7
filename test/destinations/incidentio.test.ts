import { destinationContract } from '../contract/destination.ts'
import { anyObject, matching, oneOf, table, text } from '../support/wire.ts'

destinationContract('incidentio', {
  options: (apiUrl) => ({ apiUrl, alertSourceConfigId: '01GW', token: 'T0KEN-of-incident' }),
  accepts: { status: 202, body: '{"status":"success","deduplication_key":"k"}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify(
      status === undefined
        ? { type: code, status: 400, errors: [{ code, message: text }] }
        : {
            type: 'validation_error',
            status,
            errors: [{ code: 'invalid_value', message: text, source: { field: code } }],
          },
    ),
  }),
  secrets: ['T0KEN-of-incident'],
  cuts: /title cut from \d+ to 1000 characters/,
  meanings: [
    [
      '202, accepted',
      { status: 202, body: '{"status":"success","deduplication_key":"k"}' },
      { result: 'delivered', message: '202: accepted as k' },
    ],
  ],
  wires: [
    {
      path: '/v2/alert_events/http/01GW',
      maxBytes: 512 * 1024,
      headers: { authorization: 'Bearer T0KEN-of-incident' },
      body: table({
        title: text(1_000),
        description: text(20_000),
        deduplication_key: text(255),
        status: oneOf('firing'),
        'source_url?': matching('^https?://'),
        metadata: anyObject,
      }),
    },
  ],
})
