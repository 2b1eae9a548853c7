import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import sqs from '../../src/destinations/sqs.ts'
import { destinationContract } from '../contract/destination.ts'
import { type AwsFake, startAws, withAwsCredentials } from '../support/aws.ts'
import { sendSample } from '../support/stage.ts'
import { table, text } from '../support/wire.ts'

withAwsCredentials()

const SENT = { status: 200, body: '{"MessageId":"m-1","MD5OfMessageBody":"x"}' }
const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/alerts'

destinationContract('sqs', {
  exact: [''],
  options: (endpoint) => ({ endpoint, queueUrl: `${QUEUE}.fifo` }),
  accepts: SENT,
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: text }),
  }),
  secrets: [],
  unwrap: (body) => JSON.parse(body).MessageBody,
  wires: [
    {
      path: /^\/?$/,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
      body: table({
        QueueUrl: text(),
        MessageBody: text(262_144),
        'MessageGroupId?': text(128),
        'MessageDeduplicationId?': text(128),
      }),
    },
  ],
  meanings: [
    ['200, sent', SENT, { result: 'delivered', message: '200: m-1' }],
    [
      'a queue that is not there',
      { status: 400, body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}' },
      { result: 'refused', scope: 'destination', message: '400: QueueDoesNotExist: no queue (the queue)' },
    ],
    [
      'too many',
      { status: 400, body: '{"__type":"com.amazon.coral.service#ThrottlingException"}' },
      { result: 'retry' },
    ],
    ['an expired token', { status: 403, body: '{"__type":"ExpiredToken"}' }, { result: 'retry' }],
    [
      'a message it does not take',
      { status: 400, body: '{"__type":"InvalidMessageContents"}' },
      { scope: 'delivery' },
    ],
  ],
})

describe('at a service that checks signatures', () => {
  let aws: AwsFake
  beforeAll(async () => {
    aws = await startAws()
  })
  afterAll(() => aws.close())

  it('the notification is put into the queue', async () => {
    const queueUrl = await aws.createQueue('plain')
    const options = { endpoint: aws.url, queueUrl, region: 'us-east-1' }
    expect(await sendSample(sqs, options)).toMatchObject({
      result: 'delivered',
      message: expect.stringMatching(/^200: [0-9a-f-]{36}$/),
    })
    const [body] = await aws.bodiesIn('plain')
    expect(JSON.parse(body!)).toMatchObject({ id: 'AWS.Root.ConsoleLogin' })
    expect(aws.faults).toEqual([])
  })

  it('an alert is put once into a FIFO queue, however often it is sent', async () => {
    const queueUrl = await aws.createQueue('alerts.fifo', { FifoQueue: 'true' })
    const options = { endpoint: aws.url, queueUrl, region: 'us-east-1' }
    await sendSample(sqs, options)
    await sendSample(sqs, options)
    expect(await aws.bodiesIn('alerts.fifo')).toHaveLength(1)
  })
})
