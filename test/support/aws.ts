/** Emulators of S3, SNS and SQS behind a server that checks every signature, and a fake of the metadata services. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildApp } from 'fauxqs'
import { afterAll, beforeAll } from 'vitest'
import { forgetCredentials } from '../../src/aws/aws-credentials.ts'
import { withEnvironment } from './environment.ts'
import { signatureFault } from './sigv4.ts'

export const KEY_ID = 'AKIAIOSFODNN7EXAMPLE'
export const SECRET = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY'

/** Sets credentials for the tests of a file. A process finds credentials once, and test files share one. */
export function withAwsCredentials(sessionToken?: string): void {
  withEnvironment({
    AWS_ACCESS_KEY_ID: KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_PROFILE: undefined,
  })
  beforeAll(forgetCredentials)
  afterAll(forgetCredentials)
}

const PASSED_BACK = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'x-amz-request-id',
])

/** An object as S3 returns it. */
interface StoredObject {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

interface Receipt {
  readonly QueueUrl: string
  readonly ReceiptHandle: string
}

/** A request for an object. */
export interface ObjectRequest {
  readonly path: string
  readonly range: string | undefined
}

export interface AwsFake {
  readonly url: string
  /** The requests for objects in order. */
  readonly objectRequests: ObjectRequest[]
  /** Answers requests for objects in place of the emulator, where the function does not return null. */
  answerObjects(answer: ((request: ObjectRequest) => Reply | null) | null): void
  /** The faults of signatures in order; empty if all were valid. */
  readonly faults: readonly string[]
  /** Creates a queue and returns its URL. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>
  /** Puts a message into the queue with this URL. */
  sendTo(url: string, body: string): Promise<void>
  /** Returns how many messages a queue holds, those that are received included. */
  countIn(queue: string): Promise<number>
  /** Lets the messages that were received and not deleted be received again, as when their time has run out. */
  returnReceived(): Promise<void>
  /** Returns the bodies of the messages that wait in a queue. */
  bodiesIn(queue: string): Promise<string[]>
  /** Creates a topic whose messages come to a queue, as they are or wrapped, and returns its ARN. */
  createTopic(name: string, queue: string, isRaw?: boolean): Promise<string>
  publishTo(topicArn: string, message: string): Promise<void>
  createBucket(name: string): Promise<void>
  /** Returns the keys in a bucket. */
  keysIn(bucket: string): Promise<string[]>
  objectIn(bucket: string, key: string): Promise<StoredObject>
  /** Stores an object and returns its ETag, without quotes. */
  putObject(
    bucket: string,
    key: string,
    content: string | Buffer,
    headers?: Readonly<Record<string, string>>,
  ): Promise<string>
  removeObject(bucket: string, key: string): Promise<void>
  close(): Promise<void>
}

export async function startAws(secretOf: (keyId: string) => string = () => SECRET): Promise<AwsFake> {
  // `startFauxqs` would listen on every address of the machine.
  const emulator = buildApp({ logger: false })
  const address = await emulator.listen({ port: 0, host: '127.0.0.1' })
  const faults: string[] = []
  const receipts: Receipt[] = []
  const objectRequests: ObjectRequest[] = []
  let answerInPlace: ((request: ObjectRequest) => Reply | null) | null = null
  const server = await listenForBytes(async (request, body) => {
    const { method = '', url = '', headers } = request
    const keyId = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
    const fault = signatureFault({ method, path: url, headers, body }, secretOf(keyId))
    if (fault) {
      faults.push(fault)
      return {
        status: 403,
        body: `<Error><Code>SignatureDoesNotMatch</Code><Message>${fault}</Message></Error>`,
      }
    }
    const passed = Object.entries(headers).filter(
      ([name]) => !['host', 'content-length', 'connection'].includes(name),
    )
    // `fetch` would decompress an object with a content encoding.
    if (method === 'GET') {
      const asked = { path: url, range: headers.range }
      objectRequests.push(asked)
      const own = answerInPlace?.(asked) ?? null
      if (own !== null) return own
      const {
        statusCode,
        rawPayload,
        headers: given,
      } = await emulator.inject({
        url,
        headers: Object.fromEntries(passed) as Record<string, string>,
      })
      return { status: statusCode, body: rawPayload, headers: passedBack(Object.entries(given)) }
    }
    const answer = await fetch(`${address}${url}`, {
      method,
      headers: Object.fromEntries(passed) as Record<string, string>,
      body: new Uint8Array(body),
    })
    const text = await answer.text()
    if (String(headers['x-amz-target']).endsWith('.ReceiveMessage')) {
      const { Messages = [] } = JSON.parse(text) as { Messages?: { ReceiptHandle: string }[] }
      const { QueueUrl } = JSON.parse(body.toString()) as { QueueUrl: string }
      receipts.push(...Messages.map(({ ReceiptHandle }) => ({ QueueUrl, ReceiptHandle })))
      // The emulator gives messages also to a receiver that has gone.
      if (request.socket.destroyed) await returnAll(receipts.splice(receipts.length - Messages.length))
    }
    return {
      status: answer.status,
      body: text,
      headers: passedBack([...answer.headers].filter(([name]) => name !== 'content-length')),
    }
  })

  async function call(service: 'SQS' | 'SNS', action: string, parameters: object): Promise<string> {
    const { statusCode, body } = await emulator.inject({
      method: 'POST',
      url: '/',
      ...(service === 'SQS'
        ? {
            headers: {
              'content-type': 'application/x-amz-json-1.0',
              'x-amz-target': `AmazonSQS.${action}`,
            },
            payload: JSON.stringify(parameters),
          }
        : {
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            payload: new URLSearchParams({ Action: action, ...parameters }).toString(),
          }),
    })
    if (statusCode !== 200) throw new Error(`${action}: ${statusCode} ${body}`)
    return body
  }

  async function returnAll(received: readonly Receipt[]): Promise<void> {
    for (const receipt of received) {
      // It fails for a message that was deleted.
      await call('SQS', 'ChangeMessageVisibility', { ...receipt, VisibilityTimeout: 0 }).catch(() => {})
    }
  }

  async function queue(name: string) {
    const answer = await emulator.inject({ url: `/_fauxqs/queues/${name}` })
    return answer.json() as {
      arn: string
      messages: { ready: { body: string }[]; inflight?: unknown[]; delayed?: unknown[] }
    }
  }

  return {
    url: server.url,
    faults,
    objectRequests,
    answerObjects: (answer) => {
      answerInPlace = answer
    },
    createQueue: async (QueueName, Attributes = {}) =>
      JSON.parse(await call('SQS', 'CreateQueue', { QueueName, Attributes })).QueueUrl,
    sendTo: async (QueueUrl, MessageBody) =>
      void (await call('SQS', 'SendMessage', { QueueUrl, MessageBody })),
    countIn: async (name) => {
      const { ready, inflight = [], delayed = [] } = (await queue(name)).messages
      return ready.length + inflight.length + delayed.length
    },
    returnReceived: () => returnAll(receipts.splice(0)),
    bodiesIn: async (name) => (await queue(name)).messages.ready.map(({ body }) => body),
    createTopic: async (Name, subscriber, isRaw = true) => {
      const TopicArn = elementOf(await call('SNS', 'CreateTopic', { Name }), 'TopicArn')
      const raw = {
        'Attributes.entry.1.key': 'RawMessageDelivery',
        'Attributes.entry.1.value': String(isRaw),
      }
      const { arn: Endpoint } = await queue(subscriber)
      await call('SNS', 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, ...raw })
      return TopicArn
    },
    publishTo: async (TopicArn, Message) => void (await call('SNS', 'Publish', { TopicArn, Message })),
    putObject: async (bucket, key, content, headers = {}) => {
      const url = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
      const payload = Buffer.from(content)
      const stored = await emulator.inject({ method: 'PUT', url, payload, headers })
      if (stored.statusCode !== 200) throw new Error(`${url}: ${stored.statusCode} ${stored.body}`)
      return String(stored.headers.etag).replaceAll('"', '')
    },
    removeObject: async (bucket, key) =>
      void (await emulator.inject({ method: 'DELETE', url: `/${bucket}/${encodeURI(key)}` })),
    createBucket: async (name) => void (await emulator.inject({ method: 'PUT', url: `/${name}` })),
    keysIn: async (bucket) => {
      const { body } = await emulator.inject({ url: `/${bucket}?list-type=2` })
      return [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!)
    },
    objectIn: async (bucket, key) => {
      const { headers, rawPayload } = await emulator.inject({ url: `/${bucket}/${encodeURI(key)}` })
      return { headers, body: rawPayload }
    },
    close: async () => {
      await server.close()
      await emulator.close()
    },
  }
}

function passedBack(headers: readonly (readonly [string, unknown])[]): Record<string, string> {
  return Object.fromEntries(
    headers.filter(([name]) => PASSED_BACK.has(name)).map(([name, value]) => [name, String(value)]),
  )
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
}

export interface Fake {
  readonly url: string
  close(): Promise<void>
}

export interface Reply {
  readonly status: number
  readonly body: string | Buffer
  readonly headers?: Record<string, string>
  /** The connection is closed after the body, which is shorter than the headers say. */
  readonly isCut?: boolean
}

export function listen(answer: (request: IncomingMessage, body: string) => Promise<Reply>): Promise<Fake> {
  return listenForBytes((request, body) => answer(request, body.toString()))
}

export async function listenForBytes(
  answer: (request: IncomingMessage, body: Buffer) => Promise<Reply>,
): Promise<Fake> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answered = answer(request, Buffer.concat(chunks)).then(({ status, body, headers, isCut }) => {
        response.writeHead(status, headers)
        if (isCut) response.write(body, () => response.destroy())
        else response.end(body)
      })
      // A request that waits for messages has no answer when the emulator is closed.
      answered.catch(() => response.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { url: `http://127.0.0.1:${port}`, close }
}
