import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import splunk from '../../src/destinations/splunk.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { anyObject, table, text } from '../support/wire.ts'

destinationContract('splunk', {
  exact: ['event'],
  options: (url) => ({ url, token: 'T0KEN-of-splunk', index: 'alerts', host: 'soc-1' }),
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ text, code: Number(code) || code }),
  }),
  secrets: ['T0KEN-of-splunk'],
  accepts: { status: 200, body: '{"text":"Success","code":0}' },
  meanings: [
    [
      '200, taken',
      { status: 200, body: '{"text":"Success","code":0}' },
      { result: 'delivered', message: '200: Success' },
    ],
    [
      'a queue that is nearly full: the event was accepted',
      { status: 200, body: '{"text":"Queue is approaching capacity","code":24}' },
      { result: 'delivered', message: '200: Queue is approaching capacity' },
    ],
    ['a full queue', { status: 429, body: '{"text":"Queue is at capacity","code":26}' }, { result: 'retry' }],
    [
      'a full channel of acknowledgements',
      { status: 429, body: '{"text":"ACK channel is at capacity","code":27}' },
      { result: 'retry' },
    ],
    ['200 of a proxy', { status: 200, body: '<html>' }, { result: 'retry' }],
    [
      'an index that is not there',
      { status: 400, body: '{"text":"Incorrect index","code":7}' },
      { result: 'refused', scope: 'destination', message: '400: Incorrect index (code 7) (the index)' },
    ],
    [
      'an event it does not take',
      { status: 400, body: '{"text":"Invalid data format","code":6}' },
      { scope: 'delivery' },
    ],
    ['a busy collector', { status: 503, body: '{"text":"Server is busy","code":9}' }, { result: 'retry' }],
  ],
  wires: [
    {
      path: '/services/collector/event',
      maxBytes: 838_860,
      headers: { authorization: 'Splunk T0KEN-of-splunk' },
      body: table({
        time: { type: 'number' },
        source: text(),
        sourcetype: text(),
        'host?': text(),
        'index?': text(),
        event: anyObject,
        fields: table({ signalbox_delivery: text() }),
      }),
    },
  ],
})

it('the event is the whole notification with every digit, and the delivery', () => {
  const options = { url: 'https://x', token: 'T0KEN-of-splunk' }
  const preview = previewRequest(splunk, messageOf({}, ''), options, '1.2.3') as { body: string }
  expect(preview.body).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
  expect(JSON.parse(preview.body).event.deliveryId).toBe('d'.repeat(32))
})
