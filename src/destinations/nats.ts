/** NATS: publishes the notification to a subject, by JetStream with its acknowledgement and deduplication. */

import { describeNetworkFailure, networkErrorCode } from '../core/network-failure.ts'
import { messageOf } from '../errors.ts'
import { type AttemptOutcomes, defineDestination, type SendPorts } from './_destination.ts'
import { file, TLS_PROPERTIES } from './_options.ts'
import { attemptFailure } from './parts/direct/attempt-failure.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface NatsOptions {
  readonly servers: readonly string[]
  readonly subject: string
  readonly jetstream?: boolean
  readonly token?: string
  readonly user?: string
  readonly password?: string
  readonly credentials?: string
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

interface Publication {
  readonly subject: string
  readonly data: string
  readonly messageId: string
}

/** The usual `max_payload` of a server. */
const MESSAGE_LIMIT_BYTES = 1_000_000
const TIMEOUT_MS = 10_000
/** Clearer texts for messages of the library. */
const CLEARER_MESSAGES: Readonly<Record<string, string>> = {
  timeout: `no answer within ${TIMEOUT_MS} ms`,
  'error connecting - node provided an undefined error': 'connection closed before the answer',
  'unexpected response from server': 'the server does not speak NATS',
}

const SIGN_IN = /Authori[sz]ation|Authentication/i
const PERMISSION = /Permission/i
const NO_STREAM = /NoResponders|JetStreamNotEnabled|no responders|jetstream is not enabled/i
const TOO_LARGE = /maximum payload|max_payload|payload exceeds|message size exceeds maximum/i

/** The library names its errors; some are known by their text alone. */
const saying = (pattern: RegExp) => (error: unknown) => {
  const { name = '' } = error as { name?: string }
  return pattern.test(`${name} ${messageOf(error)}`)
}

const OUTCOMES: AttemptOutcomes = {
  delivered: 'the acknowledgement of a stream; without `jetstream`, the server has read the message',
  faults: [
    { fault: 'a sign-in that is refused', effect: 'pause', matches: saying(SIGN_IN) },
    { fault: 'no permission for the subject', effect: 'pause', matches: saying(PERMISSION) },
    {
      fault: 'no stream for the subject, or a server without JetStream',
      effect: 'pause',
      matches: saying(NO_STREAM),
    },
    {
      fault: 'a message above the `max_payload` of the server or the `max_msg_size` of the stream',
      effect: 'dead',
      matches: saying(TOO_LARGE),
    },
  ],
  retried: 'no connection, no acknowledgement in 10 seconds, an answer that is not NATS or does not end',
}

export default defineDestination<NatsOptions, Publication>({
  type: 'nats',
  summary: 'a message on a NATS subject',
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['servers', 'subject'],
    dependencies: { user: ['password'], password: ['user'], certificate: ['key'], key: ['certificate'] },
    properties: {
      servers: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', pattern: '^(?:nats|tls|ws|wss)://[^@]+$' },
        examples: [['nats://nats.example.com:4222']],
        description: 'Servers of one cluster; `tls://` insists on TLS.',
      },
      subject: text('The subject.', 'soc.alerts', { pattern: '^[^\\s.*>]+(?:\\.[^\\s.*>]+)*$' }),
      jetstream: {
        type: 'boolean',
        default: true,
        description:
          'Publish through a stream, which stores and acknowledges the message. Otherwise only present subscribers get it.',
      },
      token: secretText('NATS_TOKEN', 'A token.'),
      user: text('A user.', 'signalbox'),
      password: secretText('NATS_PASSWORD', "The user's password."),
      credentials: {
        type: 'string',
        minLength: 1,
        secret: true,
        examples: [file('secrets/nats.creds')],
        description: 'Text of a credentials file, with its JWT and seed.',
      },
      ...TLS_PROPERTIES,
    },
    additionalProperties: false,
  },
  outcomes: OUTCOMES,
  payload(message, { subject }) {
    const truncation = new Truncation()
    const data = notificationWithin(message, truncation, MESSAGE_LIMIT_BYTES)
    return { subject, data, messageId: message.idempotencyKey, notes: truncation.notes }
  },
  async send({ subject, data, messageId }, options, { signal }) {
    try {
      const connection = await open(options, signal)
      try {
        if (options.jetstream === false) {
          connection.publish(subject, data)
          await connection.flush()
          return { message: `published to ${subject}` }
        }
        const { jetstream } = await import('@nats-io/jetstream')
        const ack = await jetstream(connection).publish(subject, data, {
          msgID: messageId,
          timeout: TIMEOUT_MS,
        })
        const duplicate = ack.duplicate ? ', by an earlier attempt' : ''
        return { message: `stored in ${ack.stream} as ${ack.seq}${duplicate}` }
      } finally {
        await connection.close()
      }
    } catch (error) {
      throw failure(error, options.servers.join(', '))
    }
  },
})

async function open(options: NatsOptions, signal: SendPorts['signal']) {
  const { credsAuthenticator } = await import('@nats-io/transport-node')
  const { connectNats } = await import('../brokers/nats-transport.ts')
  const { servers, token, user, password, credentials, ca, certificate, key } = options
  const needsTls =
    ca !== undefined || certificate !== undefined || servers.some((url) => url.startsWith('tls://'))
  return connectNats({
    servers: [...servers],
    ...(token !== undefined && { token }),
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...(credentials !== undefined && {
      authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
    }),
    ...(needsTls && { tls: { ca, cert: certificate, key } }),
    name: 'signalbox',
    timeout: TIMEOUT_MS,
    reconnect: false,
    maxReconnectAttempts: 0,
    signal,
  })
}

function failure(error: unknown, where: string): Error {
  const said = messageOf(error)
  const what = saying(NO_STREAM)(error)
    ? 'no stream has the subject'
    : (describeNetworkFailure(networkErrorCode(error)) ?? CLEARER_MESSAGES[said] ?? said)
  return attemptFailure(OUTCOMES.faults, error, `${where}: ${what}`)
}
