/** Each step of the credential chain of the SDK with a local fake, and the use of its credentials. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { awsCredentials, awsIdentity } from '../../src/aws/aws-credentials.ts'
import { credentialRequests } from '../../src/delivery/http/credential-requests.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../../src/delivery/http/http-client.ts'
import type { HttpDestination } from '../../src/destinations/_destination.ts'
import eventbridge from '../../src/destinations/eventbridge.ts'
import s3 from '../../src/destinations/s3.ts'
import sns from '../../src/destinations/sns.ts'
import sqs from '../../src/destinations/sqs.ts'
import { type Fake, KEY_ID, listen, SECRET } from '../support/aws.ts'
import { withDate } from '../support/date.ts'
import { sampleMessage } from '../support/message.ts'
import { startProxy, startSecure } from '../support/proxy.ts'
import { sendSample } from '../support/stage.ts'

const http = createHttpClient(DEFAULT_HTTP_LIMITS)
const direct = credentialRequests(http, {})
afterAll(() => http.close())

const folder = mkdtempSync(join(tmpdir(), 'signalbox-aws-'))
/** The credential chain of the SDK takes the date of the process. */
const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)
const soon = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString()

/** No service of this machine may answer. */
const NOTHING = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_ROLE_ARN: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_CONTAINER_AUTHORIZATION_TOKEN: undefined,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: undefined,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL_STS: undefined,
  AWS_REGION: undefined,
  AWS_DEFAULT_REGION: undefined,
  AWS_CONFIG_FILE: join(folder, 'none'),
  AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
  AWS_MAX_ATTEMPTS: '1',
}

const before = { ...process.env }
let fake: Fake | undefined
beforeEach(() => {
  environment(NOTHING)
})
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
  environment(before)
  await fake?.close()
  fake = undefined
})

function environment(values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

/** Each test uses its own region, because credentials are kept by region. */
let regions = 0
const region = () => `xx-test-${++regions}`

const stsAnswer = (action: string, minutes = 60) => `<${action}Response><${action}Result><Credentials>
<AccessKeyId>ASIA-${action}</AccessKeyId><SecretAccessKey>${SECRET}</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>${soon(minutes)}</Expiration></Credentials></${action}Result></${action}Response>`

describe('credentials come from', () => {
  it('credentials are read from the environment', async () => {
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET })
    const where = region()
    const got = await awsCredentials({}, where, direct)
    expect(got).toMatchObject({ accessKeyId: KEY_ID, secretAccessKey: SECRET })
    expect(await awsIdentity({}, where, direct)).toBe(`AWS credentials for ${where} from the environment`)
  })

  it('credentials are read from a profile of the shared files', async () => {
    const file = join(folder, 'credentials')
    writeFileSync(file, `[soc]\naws_access_key_id = AKIA-SOC\naws_secret_access_key = ${SECRET}\n`)
    environment({ AWS_SHARED_CREDENTIALS_FILE: file })
    const where = region()
    const got = await awsCredentials({ profile: 'soc' }, where, direct)
    expect(got).toMatchObject({ accessKeyId: 'AKIA-SOC' })
    expect(await awsIdentity({ profile: 'soc' }, where, direct)).toBe(
      `AWS credentials for ${where} from a profile of the shared files`,
    )
  })

  it('credentials are requested from STS with a web identity', async () => {
    const asked: string[] = []
    fake = await listen(async (_request, body) => {
      asked.push(body)
      return { status: 200, body: stsAnswer('AssumeRoleWithWebIdentity') }
    })
    writeFileSync(join(folder, 'token'), 'the-web-token')
    environment({
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/web',
      AWS_ENDPOINT_URL_STS: fake.url,
    })
    const where = region()
    const got = await awsCredentials({}, where, direct)
    expect(got).toMatchObject({ accessKeyId: 'ASIA-AssumeRoleWithWebIdentity' })
    expect(await awsIdentity({}, where, direct)).toBe(`AWS credentials for ${where} from a web identity`)
    expect(asked[0]).toContain('WebIdentityToken=the-web-token')
  })

  it('credentials are read from the container endpoint', async () => {
    fake = await listen(async ({ headers }) => ({
      status: headers.authorization === 'Bearer c' ? 200 : 403,
      body: JSON.stringify({
        AccessKeyId: 'ASIA-CONTAINER',
        SecretAccessKey: SECRET,
        Token: 't',
        Expiration: soon(60),
      }),
    }))
    environment({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${fake.url}/c`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Bearer c',
    })
    const where = region()
    const got = await awsCredentials({}, where, direct)
    expect(got).toMatchObject({ accessKeyId: 'ASIA-CONTAINER' })
    expect(await awsIdentity({}, where, direct)).toBe(`AWS credentials for ${where} from the container`)
  })

  it('credentials are read from the metadata of the instance', async () => {
    fake = await listen(async ({ method, url = '' }) => {
      if (method === 'PUT') return { status: 200, body: 'imds-token' }
      if (url.endsWith('/security-credentials/')) return { status: 200, body: 'role' }
      const body = {
        Code: 'Success',
        AccessKeyId: 'ASIA-INSTANCE',
        SecretAccessKey: SECRET,
        Token: 't',
        Expiration: soon(60),
      }
      return { status: 200, body: JSON.stringify(body) }
    })
    environment({ AWS_EC2_METADATA_DISABLED: undefined, AWS_EC2_METADATA_SERVICE_ENDPOINT: fake.url })
    const where = region()
    const got = await awsCredentials({}, where, direct)
    expect(got).toMatchObject({ accessKeyId: 'ASIA-INSTANCE' })
    expect(await awsIdentity({}, where, direct)).toBe(
      `AWS credentials for ${where} from the metadata of the instance`,
    )
  })

  it('credentials of a role are requested with its external id and the credentials of the chain', async () => {
    const asked: string[] = []
    fake = await listen(async (_request, body) => {
      asked.push(body)
      return { status: 200, body: stsAnswer('AssumeRole') }
    })
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_ENDPOINT_URL_STS: fake.url })
    const role = { roleArn: 'arn:aws:iam::210987654321:role/alerts', externalId: 'soc-42' }
    const where = region()
    const got = await awsCredentials(role, where, direct)
    expect(got).toMatchObject({ accessKeyId: 'ASIA-AssumeRole' })
    expect(await awsIdentity(role, where, direct)).toBe(
      `AWS credentials for ${where} from the environment, by which the role arn:aws:iam::210987654321:role/alerts was assumed`,
    )
    const form = new URLSearchParams(asked[0])
    expect(form.get('RoleArn')).toBe(role.roleArn)
    expect(form.get('ExternalId')).toBe('soc-42')
  })
})

describe('what was found', () => {
  async function countAsked(minutes: number): Promise<number> {
    let asked = 0
    fake = await listen(async () => {
      asked++
      return { status: 200, body: stsAnswer('AssumeRole', minutes) }
    })
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_ENDPOINT_URL_STS: fake.url })
    const [role, where] = [{ roleArn: 'arn:aws:iam::210987654321:role/alerts' }, region()]
    await awsCredentials(role, where, direct)
    await awsCredentials(role, where, direct)
    return asked
  }

  it('credentials are used again while they are valid', async () => {
    expect(await countAsked(60)).toBe(1)
  })

  it('credentials are renewed before they expire', async () => {
    expect(await countAsked(5)).toBe(2)
  })
})

describe('credentials that the service refuses', () => {
  /** Returns the outcomes of two attempts, between which the keys in the shared file are replaced. */
  async function replaced(code: string): Promise<unknown[]> {
    const file = join(folder, 'replaced')
    const store = (id: string) =>
      writeFileSync(file, `[soc]\naws_access_key_id = ${id}\naws_secret_access_key = ${SECRET}\n`)
    environment({ AWS_SHARED_CREDENTIALS_FILE: file })
    fake = await listen(async ({ headers }) =>
      headers.authorization?.includes('AKIA-NEW')
        ? { status: 200, body: '{"MessageId":"m-1"}' }
        : { status: 403, body: JSON.stringify({ __type: code, message: 'refused' }) },
    )
    const options = {
      queueUrl: 'https://sqs.xx.amazonaws.com/1/a',
      region: region(),
      profile: 'soc',
      endpoint: fake.url,
    }
    store('AKIA-OLD')
    const first = await sendSample(sqs, options)
    store('AKIA-NEW')
    return [first, await sendSample(sqs, options)]
  }

  it.each([
    ['ExpiredTokenException', 'retry'],
    ['InvalidClientTokenId', 'refused'],
    ['UnrecognizedClientException', 'refused'],
    ['SignatureDoesNotMatch', 'refused'],
  ])('credentials are read again from the shared file after %s', async (code, result) => {
    expect(await replaced(code)).toMatchObject([{ result }, { result: 'delivered' }])
  })
})

it.each([
  ['RequestExpired', 'Request has expired.'],
  ['SignatureDoesNotMatch', 'Signature expired: 20260131T120000Z is now earlier than 20260131T121500Z'],
  [
    'InvalidSignatureException',
    'Signature not yet current: 20260131T123000Z is still later than 20260131T120500Z',
  ],
])('a wrong clock is named as such, and the alert is sent again: %s', async (code, message) => {
  environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET })
  fake = await listen(async () => ({ status: 403, body: JSON.stringify({ __type: code, message }) }))
  const options = { queueUrl: 'https://sqs.xx.amazonaws.com/1/a', region: region(), endpoint: fake.url }
  expect(await sendSample(sqs, options)).toMatchObject({
    result: 'retry',
    message: expect.stringContaining('the clock of this machine is wrong'),
  })
})

describe('a destination without credentials', () => {
  const options = () => ({
    queueUrl: 'https://sqs.xx.amazonaws.com/1/a',
    region: region(),
    endpoint: 'http://127.0.0.1:9',
  })

  it('a destination without credentials pauses, and reports that there are none', async () => {
    expect(await sendSample(sqs, options())).toMatchObject({
      result: 'refused',
      scope: 'destination',
      message: expect.stringMatching(/^no AWS credentials: /),
    })
  })

  it('a rejected role pauses the destination, and no secret is revealed', async () => {
    fake = await listen(async () => ({
      status: 403,
      body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>',
    }))
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_ENDPOINT_URL_STS: fake.url })
    const outcome = await sendSample(sqs, { ...options(), roleArn: 'arn:aws:iam::210987654321:role/alerts' })
    expect(outcome).toMatchObject({ result: 'refused', scope: 'destination' })
    expect(JSON.stringify(outcome)).not.toContain(SECRET)
  })
})

describe('the region is', () => {
  /** Returns the host that the request names and the region of its signature. */
  async function regionUsed(options: object): Promise<unknown> {
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET })
    const request = eventbridge as HttpDestination<object>
    const plain = request.request(sampleMessage('t'), options)
    const signed = await request.sign!(plain, options, new AbortController().signal, direct)
    return [
      new URL(signed.url).host,
      /\/(\w+-[\w-]+)\/events\//.exec(signed.headers.authorization ?? '')?.[1],
    ]
  }

  it.each([
    ['AWS_REGION', 'eu-west-1', 'amazonaws.com'],
    ['AWS_DEFAULT_REGION', 'ap-south-1', 'amazonaws.com'],
    ['AWS_REGION', 'cn-north-1', 'amazonaws.com.cn'],
    ['AWS_REGION', 'us-gov-west-1', 'amazonaws.com'],
  ])('that of the environment: %s=%s', async (name, value, domain) => {
    environment({ [name]: value })
    expect(await regionUsed({ eventBus: 'soc' })).toEqual([`events.${value}.${domain}`, value])
  })

  it('put behind the bucket in the host, and the object stays in the path', async () => {
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: 'cn-north-1' })
    const type = s3 as HttpDestination<object>
    const options = { bucket: 'soc.archive', pathStyle: false }
    const plain = type.request(sampleMessage('t'), options)
    const { url } = await type.sign!(plain, options, new AbortController().signal, direct)
    expect(url).toBe(
      'https://soc.archive.s3.cn-north-1.amazonaws.com.cn/2026/01/01/5f0c9b1d7e8a4c36b2f19d05a7c4e683.json',
    )
  })

  it('that of the profile, if the environment names none', async () => {
    writeFileSync(
      join(folder, 'config'),
      '[default]\nregion = eu-north-1\n[profile soc]\nregion = eu-south-1\naws_access_key_id = A\naws_secret_access_key = B\n',
    )
    environment({ AWS_CONFIG_FILE: join(folder, 'config') })
    expect(await regionUsed({ eventBus: 'soc' })).toEqual(['events.eu-north-1.amazonaws.com', 'eu-north-1'])
    environment({ AWS_PROFILE: 'soc' })
    expect(await regionUsed({ eventBus: 'soc' })).toEqual(['events.eu-south-1.amazonaws.com', 'eu-south-1'])
  })

  it.each([
    [{ eventBus: 'soc', region: 'sa-east-1' }, 'sa-east-1'],
    [{ eventBus: 'arn:aws:events:eu-central-1:123456789012:event-bus/soc' }, 'eu-central-1'],
  ])('that of the options before that of the environment: %j', async (options, expected) => {
    environment({ AWS_REGION: 'eu-west-1' })
    expect(await regionUsed(options)).toEqual([`events.${expected}.amazonaws.com`, expected])
  })

  it('required: without one the destination pauses', async () => {
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET })
    expect(await sendSample(eventbridge, { eventBus: 'soc' })).toMatchObject({
      result: 'refused',
      scope: 'destination',
      message: expect.stringMatching(/^no AWS region: set the option region, the variable AWS_REGION/),
    })
  })

  it.each([
    ['arn:aws-cn:sns:cn-northwest-1:123456789012:a', 'https://sns.cn-northwest-1.amazonaws.com.cn/'],
    ['arn:aws-us-gov:sns:us-gov-east-1:123456789012:a', 'https://sns.us-gov-east-1.amazonaws.com/'],
    ['arn:aws:sns:eu-central-1:123456789012:a', 'https://sns.eu-central-1.amazonaws.com/'],
  ])('part of the domain of its partition: %s', (topicArn, url) => {
    expect((sns as HttpDestination<object>).request(sampleMessage('t'), { topicArn }).url).toBe(url)
  })
})

describe('credentials travel by the transport of the destination', () => {
  const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name), 'utf8')

  it.each([
    ['a role', { AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET }, 'AssumeRole'],
    [
      'a web identity',
      {
        AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'web'),
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/web',
      },
      'AssumeRoleWithWebIdentity',
    ],
  ])(
    '%s is fetched through the proxy, from a server that only the option ca trusts',
    async (_, given, action) => {
      writeFileSync(join(folder, 'web'), 'the-web-token')
      const proxy = await startProxy()
      const sts = await startSecure(() => stsAnswer(action))
      environment({ ...given, AWS_ENDPOINT_URL_STS: sts.url })
      const transport = { proxy: proxy.url, ca: pem('ca.pem') }
      const roleArn = action === 'AssumeRole' ? 'arn:aws:iam::210987654321:role/alerts' : undefined
      const options = { transport, ...(roleArn && { roleArn }) }
      const got = await awsCredentials(options, region(), credentialRequests(http, options))
      expect(got).toMatchObject({ accessKeyId: `ASIA-${action}` })
      expect(proxy.connected).toEqual([new URL(sts.url).host])
      await Promise.all([proxy.close(), sts.close()])
    },
  )

  it('destinations with another transport do not share what was found', async () => {
    let asked = 0
    fake = await listen(async () => {
      asked++
      return { status: 200, body: stsAnswer('AssumeRole') }
    })
    environment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_ENDPOINT_URL_STS: fake.url })
    const [role, where] = [{ roleArn: 'arn:aws:iam::210987654321:role/alerts' }, region()]
    await awsCredentials(role, where, direct)
    await awsCredentials({ ...role, transport: { timeoutMs: 10_000 } }, where, direct)
    await awsCredentials(role, where, direct)
    expect(asked).toBe(2)
  })
})
