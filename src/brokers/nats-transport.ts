/**
 * Limits the transport of the NATS library. Otherwise the library keeps a connection after a failed handshake, reads an
 * endless greeting, and writes unparsable data to the console.
 */
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  Parser,
  setTransportFactory,
} from '@nats-io/transport-node'
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js'

/** The greeting of a server is shorter, and so is everything that it sends to a client that publishes one message. */
const MAX_GREETING_BYTES = 1024 * 1024

type Options = ConnectionOptions & {
  readonly signal: AbortSignal
  /** The bytes that the server may send after its greeting. */
  readonly maxReceivedBytes?: number
}

/** Connects; the signal ends the connection at any time. */
export function connectNats(options: Options): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new BoundedTransport(), dnsResolveFn: nodeResolveHost })
  return NatsConnectionImpl.connect(options)
}

class BoundedTransport extends NodeTransport {
  #bytes = 0
  #maxReceivedBytes = MAX_GREETING_BYTES

  override async connect(server: Parameters<NodeTransport['connect']>[0], options: ConnectionOptions) {
    const { signal, maxReceivedBytes = MAX_GREETING_BYTES } = options as Options
    this.#maxReceivedBytes = maxReceivedBytes
    signal.addEventListener('abort', () => this.discard(), { once: true })
    await super.connect(server, options)
    if (signal.aborted) this.discard()
  }

  override peekInfo() {
    const { socket } = this
    const count = (chunk: Uint8Array) => {
      if (this.#isMoreThan(MAX_GREETING_BYTES, chunk))
        socket.destroy(new Error('the greeting of the server is too long'))
    }
    socket.on('data', count)
    return super.peekInfo().finally(() => socket.off('data', count))
  }

  override async *iterate() {
    const parser = new Parser({ push: () => {} })
    this.#bytes = 0
    for await (const chunk of super.iterate()) {
      const wrong = this.#isMoreThan(this.#maxReceivedBytes, chunk)
        ? 'the response of the server is too long'
        : unreadable(parser, chunk)
      if (wrong) {
        await this.close(new Error(wrong))
        return
      }
      yield chunk
    }
  }

  override async close(error?: Error) {
    await super.close(error)
    this.discard()
  }

  #isMoreThan(maxBytes: number, chunk: Uint8Array): boolean {
    this.#bytes += chunk.length
    return this.#bytes > maxBytes
  }
}

/** Returns a fixed text, because the parser's message contains the received data. */
function unreadable(parser: Parser, chunk: Uint8Array): string {
  try {
    parser.parse(chunk)
    return ''
  } catch {
    return 'the server does not speak NATS'
  }
}
