/** A TLS server that records the names that clients ask for, and ends each connection. */
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'

export interface NameServer {
  readonly port: number
  readonly names: string[]
  close(): Promise<void>
}

export async function startNameServer(): Promise<NameServer> {
  const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name))
  const names: string[] = []
  const server = createServer(
    {
      key: pem('server.key'),
      cert: pem('server.pem'),
      SNICallback: (name, callback) => {
        names.push(name)
        callback(null)
      },
    },
    (socket) => socket.destroy(),
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    names,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
