/** The source of messages of an Amazon SQS queue, whose bodies are events or name objects of S3. */
import { isError, messageOf, UserError } from '../errors.ts'
import type { SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { ObjectSelection } from './objects/object-selection.ts'
import { S3Client } from './objects/s3-client.ts'
import { NotifiedObjects } from './queue/notified-objects.ts'
import { contentOf } from './queue/queue-message.ts'
import { receiveMessages } from './queue/receiver.ts'
import { type QueueMessage, SqsClient } from './queue/sqs-client.ts'
import { Window } from './stream/emit-window.ts'

const ACCOUNT_OPTIONS = ['profile', 'roleArn', 'externalId'] as const
const QUEUE_OPTIONS = ['region', 'endpoint', ...ACCOUNT_OPTIONS] as const
const OBJECT_OPTIONS = ['buckets', 'include', 'exclude', 'objectRegion', 'objectEndpoint', 'objectBytes']
const DEFAULT_RECEIVERS = 4
const MAX_RECEIVERS = 16
const DEFAULT_OBJECT_BYTES = 1024 ** 3
const MAX_OBJECT_BYTES = 1024 ** 4
/** With fewer, a rolling deploy can move messages to the dead-letter queue. */
const MIN_RECEIVES = 10

export default {
  scheme: 'sqs',
  summary: 'messages of the Amazon SQS queue sqs:QUEUE_URL, and the objects of S3 that they name',
  open(spec) {
    refuseUnknownOptions(spec, [...QUEUE_OPTIONS, 'receivers', 'read', ...OBJECT_OPTIONS])
    refuseUrls(spec)
    const client = clientOf(spec)
    const receivers = numberOf(spec, 'receivers', DEFAULT_RECEIVERS, MAX_RECEIVERS)
    const readsBodies = readsBodiesOf(spec)
    const objects = {
      spec,
      client: new S3Client(objectOptionsOf(spec, client.region)),
      selection: new ObjectSelection(spec.options),
      maxBytes: numberOf(spec, 'objectBytes', DEFAULT_OBJECT_BYTES, MAX_OBJECT_BYTES),
    }
    return {
      ends: false,
      resumes: false,
      run: async (context: SourceContext) => {
        await checkQueue(client, spec, context)
        await context.commitCursor(null)
        const { unwrap } = spec
        const rules = { eventBytes: context.limits.eventBytes, unwrap, readsBodies }
        const notified = new NotifiedObjects(objects, context)
        await receiveAll(receivers, context, (lane, window, each) =>
          receiveMessages(
            {
              client,
              source: spec.name,
              window,
              lane,
              contentOf: (message: QueueMessage) => contentOf(message, rules),
              readObjects: (named, count, signal) => notified.read(named, count, signal),
            },
            each,
          ),
        )
      },
    }
  },
} satisfies SourceType

/** Runs the receivers side by side. When one fails, the others end. */
async function receiveAll(
  receivers: number,
  context: SourceContext,
  receive: (lane: number, window: Window, context: SourceContext) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const window = new Window(context)
  const running = Array.from({ length: receivers }, async (_, lane) => {
    try {
      await receive(lane, window, { ...context, signal })
    } catch (error) {
      failed.abort()
      throw error
    }
  })
  await Promise.allSettled(running)
  await Promise.all(running)
}

/** Reports a queue that cannot be read with the setting that is wrong. */
async function checkQueue(client: SqsClient, spec: SourceSpec, { log }: SourceContext): Promise<void> {
  try {
    const receives = await client.maxReceives()
    if (receives !== null && receives < MIN_RECEIVES) {
      const fields = { source: spec.name, maxReceiveCount: receives }
      log.warn(
        fields,
        `messages may go to the dead-letter queue by restarts: set maxReceiveCount to ${MIN_RECEIVES} or more`,
      )
    }
  } catch (cause) {
    // Other failures pass, and the source is started again.
    if (!isError(cause, 'permanent')) throw cause
    throw new UserError(`cannot read ${spec.address}: ${messageOf(cause)}`, {
      code: 'unreadable-source',
      hint: 'check the URL of the queue, region, profile and roleArn, and that the credentials permit sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes',
      cause,
    })
  }
}

function refuseUrls({ address, target, options }: SourceSpec): void {
  const { endpoint, objectEndpoint } = options
  for (const url of [target, endpoint, objectEndpoint].filter((each) => each !== undefined)) {
    if (URL.canParse(url) && (new URL(url).username || new URL(url).password)) {
      // Neither the URL nor the name of the source is quoted, because both hold the password.
      throw new UserError('a URL of the source sqs contains a user or a password', {
        code: 'invalid-source',
        hint: 'remove it; the credentials come from the environment or a profile',
      })
    }
    if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
      throw new UserError(`invalid URL "${url}" of ${address}`, {
        code: 'invalid-source',
        hint: 'use sqs:QUEUE_URL, for example sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/trail',
      })
    }
  }
}

function clientOf(spec: SourceSpec): SqsClient {
  const { options } = spec
  if (options.externalId !== undefined && options.roleArn === undefined) {
    throw invalidOption(spec, 'externalId requires roleArn', 'add roleArn, or remove externalId')
  }
  return new SqsClient({ queueUrl: spec.target, ...given(spec, QUEUE_OPTIONS) })
}

/** Objects are read with the credentials of the queue, in its region unless another one is given. */
function objectOptionsOf(spec: SourceSpec, queueRegion: string | undefined) {
  const { objectRegion: region = queueRegion, objectEndpoint: endpoint } = spec.options
  return {
    ...given(spec, ACCOUNT_OPTIONS),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  }
}

function given({ options }: SourceSpec, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
}

function numberOf(spec: SourceSpec, name: string, byDefault: number, max: number): number {
  const text = spec.options[name] ?? String(byDefault)
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= max) return number
  throw invalidOption(spec, `invalid ${name} "${text}"`, `use a number from 1 to ${max}`)
}

function readsBodiesOf(spec: SourceSpec): boolean {
  const { read } = spec.options
  if (read === undefined || read === 'body') return read === 'body'
  throw invalidOption(spec, `invalid read "${read}"`, 'use read=body, or remove it')
}

function invalidOption(spec: SourceSpec, message: string, hint: string): UserError {
  return new UserError(`${spec.address}: ${message}`, { code: 'invalid-source-option', hint })
}
