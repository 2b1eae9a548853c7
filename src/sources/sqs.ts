/** The source of messages of an Amazon SQS queue, whose bodies are events. */
import { isError, messageOf, UserError } from '../errors.ts'
import type { SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { eventsOfMessage, isObjectNotification } from './queue/queue-message.ts'
import { receiveMessages } from './queue/receiver.ts'
import { type QueueMessage, SqsClient } from './queue/sqs-client.ts'
import { Window } from './stream/emit-window.ts'

const TEXT_OPTIONS = ['region', 'profile', 'roleArn', 'externalId', 'endpoint'] as const
const DEFAULT_RECEIVERS = 4
const MAX_RECEIVERS = 16
/** With fewer, a rolling deploy can move messages to the dead-letter queue. */
const MIN_RECEIVES = 10

export default {
  scheme: 'sqs',
  summary: 'messages of the Amazon SQS queue sqs:QUEUE_URL',
  open(spec) {
    refuseUnknownOptions(spec, [...TEXT_OPTIONS, 'receivers', 'read'])
    const client = clientOf(spec)
    const receivers = receiversOf(spec)
    const readsBodies = readsBodiesOf(spec)
    return {
      ends: false,
      resumes: false,
      run: (context: SourceContext) => run({ client, receivers, readsBodies }, spec, context),
    }
  },
} satisfies SourceType

interface QueueReading {
  readonly client: SqsClient
  readonly receivers: number
  /** True when a notification about an object is itself an event. */
  readonly readsBodies: boolean
}

async function run(
  { client, receivers, readsBodies }: QueueReading,
  spec: SourceSpec,
  context: SourceContext,
): Promise<void> {
  const { log, limits } = context
  await checkQueue(client, spec, context)
  await context.commitCursor(null)
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const rules = { eventBytes: limits.eventBytes, unwrap: spec.unwrap }
  const eventsOf = (message: QueueMessage) => {
    if (readsBodies || !isObjectNotification(message)) return eventsOfMessage(message, rules)
    const fields = { source: spec.name, message: message.MessageId }
    log.error(
      fields,
      'a message about objects of S3 stays in the queue: objects are not read; add read=body if it is the event',
    )
    return null
  }
  const window = new Window(context)
  const lanes = Array.from({ length: receivers }, (_, lane) => lane)
  const running = lanes.map(async (lane) => {
    try {
      await receiveMessages({ client, source: spec.name, window, lane, eventsOf }, { ...context, signal })
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

function clientOf(spec: SourceSpec): SqsClient {
  const { target: queueUrl, options } = spec
  for (const url of [queueUrl, ...(options.endpoint === undefined ? [] : [options.endpoint])]) {
    if (URL.canParse(url) && (new URL(url).username || new URL(url).password)) {
      // Neither the URL nor the name of the source is quoted, because both hold the password.
      throw new UserError('a URL of the source sqs contains a user or a password', {
        code: 'invalid-source',
        hint: 'remove it; the credentials come from the environment or a profile',
      })
    }
    if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
      throw new UserError(`invalid URL "${url}" of ${spec.address}`, {
        code: 'invalid-source',
        hint: 'use sqs:QUEUE_URL, for example sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/trail',
      })
    }
  }
  if (options.externalId !== undefined && options.roleArn === undefined) {
    throw invalidOption(spec, 'externalId requires roleArn', 'add roleArn, or remove externalId')
  }
  const given = TEXT_OPTIONS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]]))
  return new SqsClient({ queueUrl, ...(Object.fromEntries(given) as Record<string, string>) })
}

function receiversOf(spec: SourceSpec): number {
  const count = Number(spec.options.receivers ?? DEFAULT_RECEIVERS)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_RECEIVERS) return count
  throw invalidOption(
    spec,
    `invalid receivers "${spec.options.receivers}"`,
    `use a number from 1 to ${MAX_RECEIVERS}`,
  )
}

function readsBodiesOf(spec: SourceSpec): boolean {
  const { read } = spec.options
  if (read === undefined || read === 'body') return read === 'body'
  throw invalidOption(spec, `invalid read "${read}"`, 'use read=body, or remove it')
}

function invalidOption(spec: SourceSpec, message: string, hint: string): UserError {
  return new UserError(`${spec.address}: ${message}`, { code: 'invalid-source-option', hint })
}
