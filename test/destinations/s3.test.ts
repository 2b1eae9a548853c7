import { createHmac } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import s3 from '../../src/destinations/s3.ts'
import { destinationContract } from '../contract/destination.ts'
import { type AwsFake, startAws, withAwsCredentials } from '../support/aws.ts'
import { sampleMessage } from '../support/message.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { onStage, sendSample } from '../support/stage.ts'
import { anyObject } from '../support/wire.ts'

const TOKEN = 'T0KEN-of-a-session'
withAwsCredentials(TOKEN)

const STORED = { status: 200, headers: { etag: '"9e107d9d"' } }
const OPTIONS = { bucket: 'soc-archive', region: 'eu-central-1' }

const errorAnswer = ({ status = 400, code, text }: { status?: number; code: string; text: string }) => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>`,
})

destinationContract('s3', {
  exact: [''],
  options: (endpoint) => ({ ...OPTIONS, endpoint, storageClass: 'STANDARD_IA', kmsKey: 'alias/soc' }),
  accepts: STORED,
  errorAnswer,
  secrets: [TOKEN],
  wires: [
    {
      method: 'PUT',
      path: /^\/soc-archive\/2026\/01\/01\/[dk0-9a-f]{32}\.json$/,
      headers: {
        'content-type': 'application/json',
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'alias/soc',
      },
      body: anyObject,
    },
  ],
  meanings: [
    ['200 with a tag', STORED, { result: 'delivered', message: '200: stored with the tag "9e107d9d"' }],
    ['200 without a tag', { status: 200 }, { result: 'retry' }],
    ['200 with a tag and a text', { ...STORED, body: 'welcome' }, { result: 'retry' }],
    [
      'a bucket that is not there',
      errorAnswer({ status: 404, code: 'NoSuchBucket', text: 'The specified bucket does not exist' }),
      {
        result: 'refused',
        scope: 'destination',
        message: '404: NoSuchBucket: The specified bucket does not exist (the bucket)',
      },
    ],
    [
      'a clock that is wrong',
      errorAnswer({ status: 403, code: 'RequestTimeTooSkewed', text: 'The difference is too large' }),
      {
        result: 'retry',
        status: 403,
        message:
          '403: RequestTimeTooSkewed: The difference is too large (the clock of this machine is wrong, or the request was on its way for minutes)',
      },
    ],
    [
      'too many',
      errorAnswer({ status: 503, code: 'SlowDown', text: 'Please reduce your request rate.' }),
      { result: 'retry', status: 503 },
    ],
    [
      'a bucket of another region',
      {
        ...errorAnswer({ status: 301, code: 'PermanentRedirect', text: 'Use the specified endpoint.' }),
        headers: { 'x-amz-bucket-region': 'eu-west-1', location: 'https://soc-archive.s3.amazonaws.com/' },
      },
      {
        result: 'refused',
        scope: 'destination',
        message:
          '301: PermanentRedirect: Use the specified endpoint. (the bucket is in eu-west-1) (the region or the endpoint)',
      },
    ],
    [
      'a signature for another region',
      {
        status: 400,
        body: '<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting</Message><Region>us-west-2</Region></Error>',
      },
      {
        result: 'refused',
        scope: 'destination',
        message:
          '400: AuthorizationHeaderMalformed: expecting (the bucket is in us-west-2) (the region or the endpoint)',
      },
    ],
    [
      'a bucket whose name is not in the DNS yet',
      errorAnswer({ status: 307, code: 'TemporaryRedirect', text: 'wait' }),
      { result: 'retry' },
    ],
  ],
})

describe('the URL of an object', () => {
  const urlOf = (options: object) =>
    (previewRequest(s3, sampleMessage('soc'), { ...OPTIONS, ...options }, '1.2.3') as { url: string }).url
  const KEY = '2026/01/01/5f0c9b1d7e8a4c36b2f19d05a7c4e683.json'

  it.each([
    [{}, `https://soc-archive.s3.eu-central-1.amazonaws.com/${KEY}`],
    [{ region: 'cn-north-1' }, `https://soc-archive.s3.cn-north-1.amazonaws.com.cn/${KEY}`],
    [{ bucket: 'soc.example.com' }, `https://s3.eu-central-1.amazonaws.com/soc.example.com/${KEY}`],
    [{ pathStyle: true }, `https://s3.eu-central-1.amazonaws.com/soc-archive/${KEY}`],
    [{ endpoint: 'https://minio.example.com/' }, `https://minio.example.com/soc-archive/${KEY}`],
    [{ endpoint: 'https://s3.example.com', pathStyle: false }, `https://soc-archive.s3.example.com/${KEY}`],
    [
      { prefix: 'a/b', partition: 'hive', gzip: true },
      'https://soc-archive.s3.eu-central-1.amazonaws.com/a/b/year%3D2026/month%3D01/day%3D01/5f0c9b1d7e8a4c36b2f19d05a7c4e683.json.gz',
    ],
  ])('%j', (options, url) => expect(urlOf(options)).toBe(url))
})

it('the signature of the transport covers the compressed bytes', () => {
  const options = { ...OPTIONS, gzip: true, transport: { signingSecret: `\${env:SIGNING}` } }
  const preview = previewRequest(s3, sampleMessage('soc'), options, '1.2.3')
  const { headers, body } = preview as { headers: Record<string, string>; body: string }
  const digest = createHmac('sha256', options.transport.signingSecret)
    .update(`${headers['x-signalbox-timestamp']}.`)
    .update(gzipSync(body))
    .digest('hex')
  expect(headers['x-signalbox-signature']).toBe(`sha256=${digest}`)
})

describe('at an emulator of S3 behind a server that checks signatures', () => {
  let aws: AwsFake
  beforeAll(async () => {
    aws = await startAws()
    await aws.createBucket('soc-archive')
  })
  afterAll(() => aws.close())

  it('an alert is one object, however often it is sent', async () => {
    const options = { ...OPTIONS, endpoint: aws.url, prefix: 'once', partition: 'hive' }
    expect(await sendSample(s3, options)).toMatchObject({
      result: 'delivered',
      message: expect.stringMatching(/^200: stored with the tag "[0-9a-f]{32}"$/),
    })
    expect(await sendSample(s3, options, true)).toMatchObject({ result: 'delivered' })
    expect(aws.faults).toEqual([])
    const key = `once/year=2026/month=01/day=01/${'k'.repeat(32)}.json`
    expect((await aws.keysIn('soc-archive')).filter((each) => each.startsWith('once'))).toEqual([key])
    const { headers, body } = await aws.objectIn('soc-archive', key)
    expect(headers['content-type']).toBe('application/json')
    expect(body.toString()).toBe(sampleMessage('target').json)
  })

  it('a compressed object is signed as it is stored, and says how it is encoded', async () => {
    const options = { ...OPTIONS, endpoint: aws.url, prefix: 'packed', gzip: true }
    expect(await sendSample(s3, options)).toMatchObject({ result: 'delivered' })
    expect(aws.faults).toEqual([])
    const key = `packed/2026/01/01/${'k'.repeat(32)}.json.gz`
    const { headers, body } = await aws.objectIn('soc-archive', key)
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-encoding': 'gzip' })
    expect(gunzipSync(body).toString()).toBe(sampleMessage('target').json)
  })

  it('the destination pauses if there is no such bucket', async () => {
    const options = { ...OPTIONS, endpoint: aws.url, bucket: 'elsewhere' }
    expect(await sendSample(s3, options)).toMatchObject({ scope: 'destination', status: 404 })
  })
})

describe('a redirect to another region', () => {
  let other: Receiver
  beforeAll(async () => {
    other = await startReceiver()
  })
  afterAll(() => other.close())
  const send = onStage(s3, { ...OPTIONS, transport: { followRedirects: true } }, 'endpoint')

  it.each([307, 308])(
    'is not followed to another origin with %i, whatever the transport says',
    async (status) => {
      const { outcome } = await send(false, { status, headers: { location: `${other.url}/x` } })
      expect(outcome).toMatchObject({ result: 'refused', scope: 'destination' })
      // The receiver fails the test if it got a request.
      expect(other.requests).toEqual([])
    },
  )
})
