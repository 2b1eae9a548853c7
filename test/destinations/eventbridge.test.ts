import { expect, it } from 'vitest'
import eventbridge from '../../src/destinations/eventbridge.ts'
import { destinationContract } from '../contract/destination.ts'
import { listen, SECRET, withAwsCredentials } from '../support/aws.ts'
import { signatureFault } from '../support/sigv4.ts'
import { sendSample } from '../support/stage.ts'
import { listOf, table, text } from '../support/wire.ts'

withAwsCredentials()

const PUT = { status: 200, body: '{"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}' }
const failed = (code: string) => ({
  status: 200,
  body: JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: code, ErrorMessage: 'no' }] }),
})

destinationContract('eventbridge', {
  exact: [''],
  options: (endpoint) => ({ endpoint, eventBus: 'soc', region: 'eu-central-1' }),
  accepts: PUT,
  errorAnswer: ({ code, text }) => ({
    status: 200,
    body: JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: code, ErrorMessage: text }] }),
  }),
  secrets: [],
  unwrap: (body) => JSON.parse(body).Entries[0].Detail,
  wires: [
    {
      path: /^\/?$/,
      maxBytes: 600_000,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
      body: table({
        Entries: listOf(
          table({
            EventBusName: text(),
            Source: text(256),
            DetailType: text(128),
            Time: { type: 'number' },
            Detail: text(262_144),
          }),
          { minItems: 1, maxItems: 1 },
        ),
      }),
    },
  ],
  meanings: [
    ['200, put', PUT, { result: 'delivered', message: '200: e-1' }],
    ['200 with a failed entry', failed('InternalFailure'), { result: 'retry', status: 200 }],
    ['200 with a refused entry', failed('MalformedDetail'), { result: 'refused', scope: 'delivery' }],
    [
      '200 for a bus that may not be used',
      failed('NotAuthorizedForSourceException'),
      { scope: 'destination' },
    ],
  ],
})

it('a request is signed for its region', async () => {
  const faults: (string | null)[] = []
  const service = await listen(async ({ method = '', url = '', headers }, body) => {
    faults.push(signatureFault({ method, path: url, headers, body }, SECRET))
    expect(headers.authorization).toContain('/eu-central-1/events/aws4_request')
    return PUT
  })
  const options = {
    eventBus: 'arn:aws:events:eu-central-1:123456789012:event-bus/soc',
    endpoint: service.url,
  }
  expect(await sendSample(eventbridge, options)).toMatchObject({ result: 'delivered' })
  expect(faults).toEqual([null])
  await service.close()
})
