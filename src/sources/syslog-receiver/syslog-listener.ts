/** Listens for syslog by UDP, TCP or TLS. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { type BlockList, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { messageOf, UserError } from '../../errors.ts'
import type { Log } from '../../model/ports.ts'
import { EventText, type Framable } from '../framing/frame.ts'
import { SyslogFramer } from './syslog-framer.ts'

export interface SyslogAddress {
  readonly protocol: 'udp' | 'tcp' | 'tls'
  readonly host: string
  readonly port: number
}

export interface ListenOptions {
  readonly address: SyslogAddress
  readonly tls: TlsOptions | null
  /** The networks whose messages are taken; null for all. */
  readonly allowed: BlockList | null
  readonly eventBytes: number
  readonly log: Log
  /** Takes what can be dropped; the origin names the sender in positions. */
  readonly offer: (message: Framable, from: Sender) => void
  /** Resolves when more can be taken; until then a connection is not read, so that its sender waits. */
  readonly ready: () => Promise<void>
  readonly put: (messages: readonly Framable[], from: Sender) => void
}

export interface Sender {
  readonly address: string
  readonly port: number
}

export interface Listener {
  readonly port: number
  /** Logs how many connections were refused since the last call, because too many are open. */
  reportRefused(): void
  /** Receives nothing more. */
  close(): Promise<void>
}

/** The connection of a sender that is gone without a word is closed some time after it was quiet for so long. */
const KEEP_ALIVE_MS = 60_000
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const MAX_CONNECTIONS = 1_000

export function listenForSyslog(options: ListenOptions): Promise<Listener> {
  return options.address.protocol === 'udp' ? listenUdp(options) : listenStream(options)
}

async function listenUdp({ address, allowed, eventBytes, offer, log }: ListenOptions): Promise<Listener> {
  const type = address.host.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES })
  socket.on('message', (datagram: Buffer, remote: RemoteInfo) => {
    const from = senderAt(remote.address, remote.port)
    if (!permits(allowed, from)) return
    const text = new EventText(eventBytes)
    text.append(datagram)
    offer(text.takeReadable(), from)
  })
  await listening(address, (onError, onListening) => {
    socket.once('error', onError)
    socket.bind({ address: address.host, port: address.port }, onListening)
  })
  socket.on('error', (error) => log.error({ error: messageOf(error) }, 'the socket of syslog failed'))
  return {
    port: socket.address().port,
    reportRefused: () => {},
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

async function listenStream(options: ListenOptions): Promise<Listener> {
  const { address, tls, allowed, log } = options
  const readers = new Set<Promise<void>>()
  const accept = (socket: Socket) => {
    const reader: Promise<void> = readConnection(socket, options).finally(() => readers.delete(reader))
    readers.add(reader)
  }
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  const server: Server =
    tls === null ? createTcpServer(keepAlive, accept) : createTlsServer({ ...tls, ...keepAlive }, accept)
  server.maxConnections = MAX_CONNECTIONS
  const connections = trackConnections(server, allowed)
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    log.warn({ client: socket.remoteAddress, error: messageOf(error) }, 'a TLS connection was refused')
  })
  let refused = 0
  server.on('drop', () => refused++)
  await listening(address, (onError, onListening) => {
    server.once('error', onError)
    server.listen({ host: address.host, port: address.port }, onListening)
  })
  server.on('error', (error) => log.error({ error: messageOf(error) }, 'the socket of syslog failed'))
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    reportRefused() {
      if (refused > 0) log.error({ refused }, 'connections were refused: too many are open')
      refused = 0
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of connections) socket.destroy()
      await Promise.allSettled(readers)
      await closed
    },
  }
}

/**
 * Returns the open connections, those in a TLS handshake included: they would keep the server from closing. A sender that
 * is not allowed gets no handshake, so that it cannot hold a connection.
 */
function trackConnections(server: Server, allowed: BlockList | null): ReadonlySet<Socket> {
  const connections = new Set<Socket>()
  server.prependListener('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    if (!permits(allowed, senderOf(socket))) socket.destroy()
  })
  return connections
}

/** Reads as fast as the messages are taken: a full queue stops the sender by the flow control of TCP. */
async function readConnection(socket: Socket, { eventBytes, ready, put, log }: ListenOptions): Promise<void> {
  const from = senderOf(socket)
  const framer = new SyslogFramer(eventBytes)
  try {
    for await (const chunk of socket) {
      // Messages take far more memory than their bytes, so the chunk waits as it is.
      await ready()
      put(framer.push(chunk as Buffer), from)
    }
  } catch (error) {
    log.debug({ client: from.address, error: messageOf(error) }, 'a connection of syslog broke off')
  }
  put(framer.end(), from)
}

function senderOf(socket: Socket): Sender {
  return senderAt(socket.remoteAddress ?? '', socket.remotePort ?? 0)
}

/** IPv4 on a socket of IPv6 is written as IPv4, and an address of the link without its interface. */
function senderAt(address: string, port: number): Sender {
  return { address: address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, ''), port }
}

function permits(allowed: BlockList | null, { address }: Sender): boolean {
  return allowed === null || allowed.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

async function listening(
  { protocol, host, port }: SyslogAddress,
  start: (onError: (error: Error) => void, onListening: () => void) => void,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => start(reject, resolve))
  } catch (cause) {
    const isForbidden = cause instanceof Error && 'code' in cause && cause.code === 'EACCES'
    throw new UserError(`cannot listen on ${protocol}://${host}:${port}: ${messageOf(cause)}`, {
      code: 'unavailable-address',
      hint: isForbidden
        ? 'use a port above 1023, or give the process the right to use lower ones'
        : 'stop the program that uses the address, or choose another port',
      cause,
    })
  }
}
