/**
 * The NATS library's way to a server, kept in bounds. Left to itself it keeps the connection where the beginning
 * fails, reads an endless greeting for ever, and writes to the console what it can't parse.
 */
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  Parser,
  setTransportFactory,
} from '@nats-io/transport-node'
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js'

/** All that a server has to say to one who publishes one message. */
const MAX_GREETING_BYTES = 1024 * 1024

type Options = ConnectionOptions & { readonly signal: AbortSignal }

/** Connects; the signal ends the connection, whatever it is doing. */
export function connectNats(options: Options): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new BoundedTransport(), dnsResolveFn: nodeResolveHost })
  return NatsConnectionImpl.connect(options)
}

class BoundedTransport extends NodeTransport {
  #bytes = 0

  override async connect(server: Parameters<NodeTransport['connect']>[0], options: ConnectionOptions) {
    const { signal } = options as Options
    signal.addEventListener('abort', () => this.discard(), { once: true })
    await super.connect(server, options)
    if (signal.aborted) this.discard()
  }

  override peekInfo() {
    const { socket } = this
    socket.on('data', (chunk) => {
      if (this.#isTooMuch(chunk)) socket.destroy(new Error('its greeting does not end'))
    })
    return super.peekInfo()
  }

  override async *iterate() {
    const parser = new Parser({ push: () => {} })
    this.#bytes = 0
    for await (const chunk of super.iterate()) {
      const wrong = this.#isTooMuch(chunk) ? 'its answer does not end' : unreadable(parser, chunk)
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

  #isTooMuch(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length
    return this.#bytes > MAX_GREETING_BYTES
  }
}

/** Without the parser's own words: they quote what came. */
function unreadable(parser: Parser, chunk: Uint8Array): string {
  try {
    parser.parse(chunk)
    return ''
  } catch {
    return 'it does not speak NATS'
  }
}
