/** The connections to the brokers of one cluster: two for each address, because a broker answers each in turn. */
import { isIP } from 'node:net'
import { Connection } from '@platformatic/kafka'
import { BoundedConnections } from '../../brokers/kafka-connections.ts'
import { RetryableError, UserError } from '../../errors.ts'
import type { BrokerContext, SourceSpec } from '../_source.ts'
import { isLoopback, usesTls } from '../broker/broker-security.ts'
import type { BrokerAddress, BrokerSpec } from '../broker/broker-spec.ts'
import { describeFailure, REQUEST_TIMEOUT_MS } from './answer-errors.ts'
import { saslOptions, sendsSecret } from './sign-in.ts'

/** A fetch waits at the broker for records, and everything else must not wait for it. */
export type ConnectionUse = 'fetch' | 'ask'

const CONNECT_TIMEOUT_MS = 10_000
/** A batch is not divided, so an answer can be as long as the largest one. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024
const MAX_ANSWER_BYTES = MAX_BATCH_BYTES + 8 * 1024 * 1024

/** A connection is replaced after this part of the time for which its sign-in is valid. */
const SESSION_PART = 0.8

interface Opened {
  readonly connection: Connection
  readonly bounds: BoundedConnections
  /** The monotonic time at which another connection takes its place. */
  readonly replacedAt: number
  requests: number
}

export class BrokerConnections {
  readonly #spec: SourceSpec
  readonly #broker: BrokerSpec
  readonly #opened = new Map<string, Promise<Opened>>()
  readonly #bounds = new Set<BoundedConnections>()
  #redact: (text: string) => string = (text) => text
  #isClosed = false

  constructor(spec: SourceSpec, broker: BrokerSpec) {
    this.#spec = spec
    this.#broker = broker
  }

  /** Sends a request to a broker; a failure becomes one for the operator. */
  async send<T>(
    to: BrokerAddress,
    use: ConnectionUse,
    context: BrokerContext,
    request: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const opened = await this.#open(to, use, context)
    opened.requests++
    try {
      return await request(opened.connection)
    } catch (error) {
      throw this.describe(opened.bounds.excess ?? error)
    } finally {
      opened.requests--
      endIfReplaced(opened)
    }
  }

  describe(error: unknown): Error {
    return describeFailure(error, { spec: this.#spec, broker: this.#broker, redact: this.#redact })
  }

  close(): void {
    this.#isClosed = true
    this.#opened.clear()
    for (const bounds of this.#bounds) bounds.close()
  }

  async #open(to: BrokerAddress, use: ConnectionUse, context: BrokerContext): Promise<Opened> {
    const key = `${use} ${to.host}:${to.port}`
    const known = this.#opened.get(key)
    if (known) {
      const opened = await known
      if (performance.now() < opened.replacedAt) return opened
      if (this.#opened.get(key) === known) this.#opened.delete(key)
      endIfReplaced(opened)
      return this.#open(to, use, context)
    }
    const forget = () => {
      if (this.#opened.get(key) === opening) this.#opened.delete(key)
    }
    const opening = this.#connect(to, context, forget)
    this.#opened.set(key, opening)
    opening.catch(forget)
    return opening
  }

  async #connect(to: BrokerAddress, { reveal }: BrokerContext, onEnd: () => void): Promise<Opened> {
    const spec = this.#spec
    const { options, redact } = await reveal(spec.options)
    this.#redact = redact
    const { ca, certificate, key } = options as Record<string, string | undefined>
    const hasTls = usesTls(spec, this.#broker.addresses)
    if (!hasTls && sendsSecret(spec) && !isLoopback(to)) {
      throw new UserError(`${spec.name}: the sign-in would be sent to ${to.host} without TLS`, {
        code: 'refused-source',
        hint: 'set tls=true',
      })
    }
    let replacedAt = Number.POSITIVE_INFINITY
    const sasl = await saslOptions(spec, to.host, options, (lifetimeMs) => {
      if (lifetimeMs > 0) replacedAt = performance.now() + SESSION_PART * lifetimeMs
    })
    // The source can be closed while the secrets are read or a token is created.
    if (this.#isClosed) throw new RetryableError('interrupted')
    const bounds = new BoundedConnections(MAX_ANSWER_BYTES)
    this.#bounds.add(bounds)
    const connection = new Connection('signalbox', {
      connectTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      context: bounds,
      ...(hasTls && {
        tls: {
          ...(ca !== undefined && { ca }),
          ...(certificate !== undefined && { cert: certificate, key }),
        },
        // An address has no name.
        tlsServerName: isIP(to.host) === 0,
      }),
      ...(sasl !== undefined && { sasl }),
    })
    const end = () => {
      bounds.close()
      this.#bounds.delete(bounds)
      onEnd()
    }
    connection.once('close', end)
    connection.once('error', end)
    try {
      await connection.connect(to.host, to.port)
    } catch (error) {
      end()
      throw this.describe(bounds.excess ?? error)
    }
    return { connection, bounds, replacedAt, requests: 0 }
  }
}

function endIfReplaced({ replacedAt, requests, bounds }: Opened): void {
  if (requests === 0 && performance.now() >= replacedAt) bounds.close()
}

/** Rejects after the abort, so that an end does not wait for a broker that does not answer. */
export async function untilAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new RetryableError('interrupted'))
  work.catch(() => {})
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
