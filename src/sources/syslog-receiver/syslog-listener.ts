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
  /** Takes what the sender must wait for. */
  readonly put: (messages: readonly Framable[], from: Sender) => Promise<void>
}

export interface Sender {
  readonly address: string
  readonly port: number
}

export interface Listener {
  readonly port: number
  /** Receives nothing more. */
  close(): Promise<void>
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const MAX_CONNECTIONS = 1_000

export function listenForSyslog(options: ListenOptions): Promise<Listener> {
  return options.address.protocol === 'udp' ? listenUdp(options) : listenStream(options)
}

async function listenUdp({ address, allowed, eventBytes, offer, log }: ListenOptions): Promise<Listener> {
  const type = address.host.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES })
  socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
    if (!permits(allowed, from.address)) return
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
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

async function listenStream(options: ListenOptions): Promise<Listener> {
  const { address, tls, allowed, log } = options
  const readers = new Set<Promise<void>>()
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    if (!permits(allowed, socket.remoteAddress ?? '')) return void socket.destroy()
    sockets.add(socket)
    const reader: Promise<void> = readConnection(socket, options).finally(() => {
      sockets.delete(socket)
      readers.delete(reader)
    })
    readers.add(reader)
  }
  const server: Server = tls === null ? createTcpServer(accept) : createTlsServer(tls, accept)
  server.maxConnections = MAX_CONNECTIONS
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    log.warn({ client: socket.remoteAddress, error: messageOf(error) }, 'a TLS connection was refused')
  })
  await listening(address, (onError, onListening) => {
    server.once('error', onError)
    server.listen({ host: address.host, port: address.port }, onListening)
  })
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await Promise.allSettled(readers)
      await closed
    },
  }
}

/** Reads as fast as the messages are taken: a full queue stops the sender by the flow control of TCP. */
async function readConnection(socket: Socket, { eventBytes, put, log }: ListenOptions): Promise<void> {
  const from = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
  const framer = new SyslogFramer(eventBytes)
  try {
    for await (const chunk of socket) await put(framer.push(chunk as Buffer), from)
  } catch (error) {
    log.debug({ client: from.address, error: messageOf(error) }, 'a connection of syslog broke off')
  }
  await put(framer.end(), from)
}

function permits(allowed: BlockList | null, address: string): boolean {
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
