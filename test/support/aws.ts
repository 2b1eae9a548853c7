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

const PASSED_BACK = new Set(['content-type', 'etag', 'x-amz-request-id'])

/** An object as S3 returns it. */
interface StoredObject {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

export interface AwsFake {
  readonly url: string
  /** The faults of signatures in order; empty if all were valid. */
  readonly faults: readonly string[]
  /** Creates a queue and returns its URL. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>
  /** Puts a message into the queue with this URL. */
  sendTo(url: string, body: string): Promise<void>
  /** Returns how many messages a queue holds, those that are received included. */
  countIn(queue: string): Promise<number>
  /** Returns the bodies of the messages that wait in a queue. */
  bodiesIn(queue: string): Promise<string[]>
  /** Creates a topic whose messages come to a queue as they are, and returns its ARN. */
  createTopic(name: string, queue: string): Promise<string>
  createBucket(name: string): Promise<void>
  /** Returns the keys in a bucket. */
  keysIn(bucket: string): Promise<string[]>
  objectIn(bucket: string, key: string): Promise<StoredObject>
  close(): Promise<void>
}

export async function startAws(secretOf: (keyId: string) => string = () => SECRET): Promise<AwsFake> {
  // `startFauxqs` would listen on every address of the machine.
  const emulator = buildApp({ logger: false })
  const address = await emulator.listen({ port: 0, host: '127.0.0.1' })
  const faults: string[] = []
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
    const answer = await fetch(`${address}${url}`, {
      method,
      headers: Object.fromEntries(passed) as Record<string, string>,
      body: new Uint8Array(body),
    })
    return {
      status: answer.status,
      body: await answer.text(),
      headers: Object.fromEntries([...answer.headers].filter(([name]) => PASSED_BACK.has(name))),
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
    createQueue: async (QueueName, Attributes = {}) =>
      JSON.parse(await call('SQS', 'CreateQueue', { QueueName, Attributes })).QueueUrl,
    sendTo: async (QueueUrl, MessageBody) =>
      void (await call('SQS', 'SendMessage', { QueueUrl, MessageBody })),
    countIn: async (name) => {
      const { ready, inflight = [], delayed = [] } = (await queue(name)).messages
      return ready.length + inflight.length + delayed.length
    },
    bodiesIn: async (name) => (await queue(name)).messages.ready.map(({ body }) => body),
    createTopic: async (Name, subscriber) => {
      const TopicArn = elementOf(await call('SNS', 'CreateTopic', { Name }), 'TopicArn')
      const raw = { 'Attributes.entry.1.key': 'RawMessageDelivery', 'Attributes.entry.1.value': 'true' }
      const { arn: Endpoint } = await queue(subscriber)
      await call('SNS', 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, ...raw })
      return TopicArn
    },
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

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
}

export interface Fake {
  readonly url: string
  close(): Promise<void>
}

type Reply = Promise<{ status: number; body: string; headers?: Record<string, string> }>

export function listen(answer: (request: IncomingMessage, body: string) => Reply): Promise<Fake> {
  return listenForBytes((request, body) => answer(request, body.toString()))
}

export async function listenForBytes(
  answer: (request: IncomingMessage, body: Buffer) => Reply,
): Promise<Fake> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answered = answer(request, Buffer.concat(chunks)).then(({ status, body, headers }) => {
        response.writeHead(status, headers).end(body)
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
