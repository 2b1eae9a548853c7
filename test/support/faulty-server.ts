/** A TCP server that fails in every way there is, for types that do not speak HTTP. */
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'

const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name))

export type TcpFault =
  | 'hangs up'
  | 'resets'
  | 'resets mid-talk'
  | 'is silent'
  | 'stalls mid-talk'
  | 'never stops'
  | 'talks garbage'
  | 'quotes what it was sent'
  | 'has an untrusted certificate'

/** The texts that a server of the protocol sends. */
export interface Tongue {
  /** The greeting before any request; '' if clients begin. */
  readonly greeting: string
  /** The beginning of an answer that can continue without end. */
  readonly flood: string
  /** Its answer, which contains everything that it received. */
  quote(said: string): string
  /** The text that is sent unencrypted before TLS begins; '' if TLS comes first. */
  readonly beforeTls: string
}

export interface FaultyServer {
  readonly port: number
  /** Connections since the start, and those that the other side has not left. */
  met(): number
  standing(): number
  close(): Promise<void>
}

export async function startFaulty(fault: TcpFault, tongue: Tongue): Promise<FaultyServer> {
  const sockets = new Set<Socket>()
  let met = 0
  let left = 0
  // The server allows half-open connections, so a client that does not close its side stays connected.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    met++
    sockets.add(socket)
    socket.on('error', () => {})
    const gone = () => {
      left++
      socket.removeListener('end', gone).removeListener('close', gone)
    }
    socket.on('end', gone).on('close', gone)
    socket.resume()
    FAULTS[fault](socket, tongue)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    met: () => met,
    standing: () => met - left,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

const FAULTS: Record<TcpFault, (socket: Socket, tongue: Tongue) => void> = {
  'hangs up': (socket) => void socket.end(),
  resets: (socket) => void socket.resetAndDestroy(),
  'resets mid-talk': (socket, { greeting }) => {
    socket.write(greeting)
    socket.once('data', () => socket.resetAndDestroy())
  },
  'is silent': () => {},
  'stalls mid-talk': (socket, { greeting }) => void socket.write(greeting),
  'never stops': (socket, { flood }) => pour(socket, flood),
  'talks garbage': (socket) => void socket.end('\u0000\u0001\u001b[2J this is none of it\r\n\r\n'),
  'quotes what it was sent': (socket, tongue) => {
    socket.write(tongue.greeting)
    socket.on('data', (said) => void socket.write(tongue.quote(String(said))))
  },
  'has an untrusted certificate': (socket, { beforeTls }) => {
    socket.write(beforeTls)
    secure(socket)
  },
}

function pour(socket: Socket, text: string): void {
  const much = text.repeat(1_000)
  const more = () => {
    while (!socket.destroyed && socket.write(much));
  }
  socket.on('drain', more)
  more()
}

function secure(socket: Socket): void {
  const tls = new TLSSocket(socket, { isServer: true, key: pem('server.key'), cert: pem('server.pem') })
  tls.on('error', () => {})
  // The TLS socket has taken over the connection and the events of the plain one.
  for (const end of ['close', 'end']) tls.on(end, () => socket.destroy())
  tls.resume()
}
