import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import sns from '../../src/destinations/sns.ts'
import { destinationContract } from '../contract/destination.ts'
import { type AwsFake, startAws, withAwsCredentials } from '../support/aws.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage } from '../support/message.ts'
import { sendSample } from '../support/stage.ts'

withAwsCredentials()

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:alerts'
const xml = (code: string, message = '') =>
  `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
const SENT = {
  status: 200,
  body: '<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
}

destinationContract('sns', {
  exact: ['Message.default'],
  options: (endpoint) => ({ endpoint, topicArn: TOPIC }),
  accepts: SENT,
  errorAnswer: ({ code, text }) => ({ status: 400, body: xml(code, text) }),
  secrets: [],
  cuts: /subject cut from \d+ to 99 characters/,
  // The body is a form and not JSON, so its content is checked below.
  wires: [{ path: /^\/?$/, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } }],
  meanings: [
    ['200, published', SENT, { result: 'delivered', message: '200: m-1' }],
    ['a topic that is not there', { status: 404, body: xml('NotFound') }, { scope: 'destination' }],
    ['a policy that forbids it', { status: 403, body: xml('AuthorizationError') }, { scope: 'destination' }],
    ['too many', { status: 400, body: xml('Throttling') }, { result: 'retry' }],
    [
      'what it does not take',
      { status: 400, body: xml('InvalidParameter', 'Subject') },
      { scope: 'delivery' },
    ],
  ],
})

const formOf = (message: ReturnType<typeof messageOf>, topicArn = TOPIC) => {
  const preview = previewRequest(sns, message, { topicArn }, '1.2.3')
  if ('payload' in preview) throw new Error('sns speaks HTTP')
  return { ...preview, form: new URLSearchParams(preview.body) }
}

it.each([sampleMessage('t'), leastMessage(), mostMessage()])(
  'the request is a form that SNS accepts',
  (message) => {
    const { form } = formOf(message)
    expect([...form.keys()].sort()).toEqual([
      'Action',
      'Message',
      'MessageStructure',
      'Subject',
      'TopicArn',
      'Version',
    ])
    expect(form.get('Subject')).toMatch(/^[^\p{Cc}]{1,99}$/u)
    const { default: plain, email } = JSON.parse(form.get('Message')!)
    expect(Object.keys(JSON.parse(plain))).toHaveLength(13)
    expect(email.isWellFormed()).toBe(true)
    expect(Buffer.byteLength(form.get('Message')!)).toBeLessThanOrEqual(262_144)
  },
)

it('a subject of many bytes is cut between characters', () => {
  const family = '👩‍👩‍👧‍👦'
  const subject = formOf(messageOf({ title: family.repeat(30) }, '')).form.get('Subject')!
  expect(subject).toMatch(new RegExp(`^New Alert: (?:${family})+…$`))
  expect(subject.length).toBeLessThanOrEqual(99)
})

it('a message goes to the region of the topic, with group and deduplication id if the topic is FIFO', () => {
  const { url, form } = formOf(sampleMessage('t'), `${TOPIC}.fifo`)
  expect(url).toBe('https://sns.eu-central-1.amazonaws.com/')
  expect(form.get('MessageDeduplicationId')).toBe('5f0c9b1d7e8a4c36b2f19d05a7c4e683')
  expect(form.get('MessageGroupId')).toBe('a1e27ab1e0fa11ed5b1eda0d0be5ca1e')
})

describe('at a service that checks signatures', () => {
  let aws: AwsFake
  beforeAll(async () => {
    aws = await startAws()
  })
  afterAll(() => aws.close())

  it('an alert is published to all subscriptions', async () => {
    await aws.createQueue('inbox')
    const topicArn = await aws.createTopic('alerts', 'inbox')
    expect(await sendSample(sns, { topicArn, endpoint: aws.url })).toMatchObject({ result: 'delivered' })
    const [body] = await aws.bodiesIn('inbox')
    // The fake returns the message of which each kind of subscription gets a part.
    const { default: text } = JSON.parse(body!)
    expect(JSON.parse(text)).toMatchObject({ id: 'AWS.Root.ConsoleLogin' })
    expect(aws.faults).toEqual([])
  })
})
