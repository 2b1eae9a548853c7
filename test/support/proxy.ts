/** An HTTP proxy on loopback that tunnels and records, or refuses, and an HTTPS server behind it. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'

export interface Proxy {
  readonly url: string
  /** The hosts with their ports to which a tunnel was asked for. */
  readonly connected: readonly string[]
  close(): Promise<void>
}

/** @param status what the proxy answers; 200: it opens the tunnel. */
export async function startProxy(status = 200): Promise<Proxy> {
  const connected: string[] = []
  const server = createServer((_, response) => {
    response.writeHead(status).end()
  })
  server.on('connect', (request, socket, head) => {
    connected.push(request.url ?? '')
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const { hostname, port } = new URL(`http://${request.url}`)
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  return { connected, ...(await serving(server, 'http')) }
}

/** A server whose certificate comes from the authority of the tests. */
export async function startSecure(
  answer: (body: string) => string,
): Promise<{ url: string; close(): Promise<void> }> {
  const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name))
  const server = createSecureServer(
    { key: pem('server.key'), cert: pem('server.pem') },
    (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => response.end(answer(Buffer.concat(chunks).toString())))
    },
  )
  return serving(server, 'https')
}

async function serving(
  server: Pick<Server, 'listen' | 'address' | 'close' | 'closeAllConnections'>,
  scheme: string,
) {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { url: `${scheme}://localhost:${port}`, close }
}
