import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import elasticsearch from '../../src/destinations/elasticsearch.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { anyObject } from '../support/wire.ts'

const CONFLICT = {
  status: 409,
  body: JSON.stringify({
    error: {
      root_cause: [{ type: 'version_conflict_engine_exception' }],
      type: 'version_conflict_engine_exception',
      reason: '[d]: version conflict, document already exists (current version [1])',
    },
    status: 409,
  }),
}

destinationContract('elasticsearch', {
  exact: [''],
  options: (url) => ({ url, index: 'signalbox-alerts', apiKey: 'T0KEN-of-elastic', pipeline: 'alerts' }),
  accepts: { status: 201, body: '{"_index":"signalbox-alerts","_id":"d","_version":1,"result":"created"}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ error: { type: code, reason: text }, status: status ?? 400 }),
  }),
  secrets: ['T0KEN-of-elastic'],
  meanings: [
    [
      '201, created',
      { status: 201, body: '{"_id":"d","result":"created"}' },
      { result: 'delivered', message: '201: created d' },
    ],
    [
      '409, the document of an earlier attempt',
      CONFLICT,
      { result: 'delivered', message: '409: an earlier attempt created the document' },
    ],
    [
      '409 of something else',
      { status: 409, body: '{"error":{"type":"other_exception","reason":"x"}}' },
      { result: 'refused' },
    ],
    [
      'a full disk',
      {
        status: 429,
        body: '{"error":{"type":"cluster_block_exception","reason":"index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];"}}',
      },
      { result: 'retry' },
    ],
    [
      'an index that is write-protected',
      {
        status: 403,
        body: '{"error":{"type":"cluster_block_exception","reason":"index [a] blocked by: [FORBIDDEN/8/index write (api)];"}}',
      },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'OpenSearch without credentials',
      { status: 401, body: 'Unauthorized' },
      { result: 'refused', scope: 'destination' },
    ],
  ],
  wires: [
    {
      path: /^\/signalbox-alerts\/_create\/[\w-]+\?pipeline=alerts$/,
      headers: { 'content-type': 'application/json', authorization: 'ApiKey T0KEN-of-elastic' },
      body: anyObject,
    },
  ],
})

it('the document is the whole notification with every digit, and the time that data streams require', () => {
  const options = { url: 'https://x', index: 'a', user: 'u', password: 'T0KEN' }
  const message = messageOf({}, '')
  const preview = previewRequest(elasticsearch, message, options, '1.2.3') as { body: string }
  expect(preview.body).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
  expect(JSON.parse(preview.body)['@timestamp']).toBe(message.notification.createdAt)
})
