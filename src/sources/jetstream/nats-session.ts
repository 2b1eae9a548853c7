/** One connection to a NATS server for all partitions of a stream, and what its failures mean. */
import type { JetStreamClient, JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { describeNetworkFailure, networkErrorCode } from '../../core/network-failure.ts'
import { readableText } from '../../core/readable-text.ts'
import { isError, messageOf, RetryableError, UserError } from '../../errors.ts'
import type { BrokerContext, SourceSpec } from '../_source.ts'
import { usesTls } from '../broker/broker-security.ts'
import type { BrokerSpec } from '../broker/broker-spec.ts'

export const SIGN_IN_OPTIONS = ['token', 'user', 'password', 'credentials'] as const

const TIMEOUT_MS = 10_000
/** A connection without an answer to so many pings is closed. */
const MAX_PINGS_WITHOUT_ANSWER = 2
const MAX_REASON_CHARS = 300
const SIGN_IN = /Authori[sz]ation|Authentication/i
const PERMISSION = /Permission/i
const NO_JETSTREAM = /NoResponders|JetStreamNotEnabled|no responders|jetstream (?:is )?not enabled/i

export interface Session {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
}

export class Sessions {
  readonly #spec: SourceSpec
  readonly #broker: BrokerSpec
  #session: Promise<Session> | null = null
  #redact: (text: string) => string = (text) => text
  #abort = new AbortController()

  constructor(spec: SourceSpec, broker: BrokerSpec) {
    this.#spec = spec
    this.#broker = broker
  }

  /** Returns the open connection, or opens one. */
  open(context: BrokerContext): Promise<Session> {
    this.#session ??= this.#connect(context).catch((error: unknown) => {
      this.#session = null
      throw this.#failure(error)
    })
    return this.#session
  }

  /** Asks the server; a failure becomes one for the operator. */
  async ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      throw this.#failure(error)
    }
  }

  close(): void {
    this.#abort.abort()
  }

  /** The error as the operator must see it. Nothing in it is secret. */
  #failure(error: unknown): Error {
    if (isError(error, 'user') || isError(error, 'retryable')) return error
    const { name } = this.#spec
    const { name: kind = '', code } = error as { name?: string; code?: unknown }
    const said = `${kind} ${messageOf(error)}`
    const reason = this.#reasonOf(error)
    const options = { cause: error }
    if (SIGN_IN.test(said)) {
      const given = SIGN_IN_OPTIONS.filter((option) => option in this.#spec.options)
      const hint =
        given.length > 0 ? `correct ${given.join(' and ')}` : 'set token, user and password, or credentials'
      return new UserError(`${name}: the server refuses the sign-in: ${reason}`, {
        code: 'refused-source',
        hint,
        ...options,
      })
    }
    if (PERMISSION.test(said)) {
      const hint = 'give the user the permissions that the page of the source lists'
      return new UserError(`${name}: the server does not permit it: ${reason}`, {
        code: 'refused-source',
        hint,
        ...options,
      })
    }
    const { log } = this.#broker
    if (kind === 'StreamNotFoundError' || code === 10059) {
      const hint = 'create the stream, or correct its name'
      return new UserError(`${name}: the server has no stream ${log}`, {
        code: 'refused-source',
        hint,
        ...options,
      })
    }
    // A server that starts, or a cluster without a leader, answers in the same way as one without JetStream.
    if (NO_JETSTREAM.test(said)) {
      return new RetryableError(`${name}: the server has no JetStream, or it is not ready`, { cause: error })
    }
    return new RetryableError(`${name}: ${reason}`, { cause: error })
  }

  /** A server could put an escape sequence or a secret into its message. */
  #reasonOf(error: unknown): string {
    const said = messageOf(error)
    const known = describeNetworkFailure(networkErrorCode(error))
    const reason = known ?? (said === 'timeout' ? `no answer within ${TIMEOUT_MS} ms` : said)
    return readableText(this.#redact(reason)).slice(0, MAX_REASON_CHARS)
  }

  async #connect({ reveal }: BrokerContext): Promise<Session> {
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream')
    const { credsAuthenticator } = await import('@nats-io/transport-node')
    const { connectNats } = await import('../../brokers/nats-transport.ts')
    const { options, redact } = await reveal(this.#spec.options)
    this.#redact = redact
    const { token, user, password, credentials, ca, certificate, key } = options as Record<string, string>
    const hasTls = usesTls(this.#spec, this.#broker.addresses)
    this.#abort = new AbortController()
    const connection = await connectNats({
      servers: this.#broker.addresses.map(
        ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
      ),
      ...(token !== undefined && { token }),
      ...(user !== undefined && { user, pass: password ?? '' }),
      ...(credentials !== undefined && {
        authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
      }),
      ...(hasTls && { tls: { ca, cert: certificate, key } }),
      name: 'signalbox',
      timeout: TIMEOUT_MS,
      pingInterval: TIMEOUT_MS,
      maxPingOut: MAX_PINGS_WITHOUT_ANSWER,
      reconnect: false,
      maxReconnectAttempts: 0,
      maxReceivedBytes: Number.POSITIVE_INFINITY,
      signal: this.#abort.signal,
    })
    const forget = () => {
      this.#session = null
    }
    connection.closed().then(forget, forget)
    const requests = { timeout: TIMEOUT_MS, checkAPI: false }
    return {
      connection,
      client: jetstream(connection, requests),
      manager: await jetstreamManager(connection, requests),
    }
  }
}

/** A stream that removes what was acknowledged cannot be read again from a cursor. */
export async function streamOf({ manager }: Session, spec: SourceSpec, log: string): Promise<StreamInfo> {
  const info = await manager.streams.info(log)
  const { retention } = info.config
  if (retention === 'limits') return info
  throw new UserError(`${spec.name}: the stream has the retention "${retention}"`, {
    code: 'refused-source',
    hint: 'use a stream with the retention "limits", for example one that sources from this one',
  })
}
