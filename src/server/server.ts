/** The HTTP server of the process: one listener per address, which all sources of that address share. */
import { Server as TlsServer } from 'node:tls'
import { messageOf, UserError } from '../errors.ts'
import type { HttpIngress } from '../model/ports.ts'
import { isLoopback } from './access/host-names.ts'
import { type App, createApp, type ServerOptions, tlsOptions } from './app.ts'

export type { ServerOptions, ServerPart, ServerTls } from './app.ts'

interface Address {
  readonly host: string
  readonly port: number
}

export interface Server extends HttpIngress {
  /** Opens an address for health and metrics, even if no source receives posts there. */
  listen(address: Address): Promise<void>
  /** The addresses on which it listens, with the real port if 0 was requested. */
  readonly addresses: readonly Address[]
  /** New connections get the certificate that `tls` returns now. */
  renewCertificate(): void
  /** Accepts no new connections and waits for the responses under way, at most 5 seconds. */
  close(): Promise<void>
}

const CLOSE_TIMEOUT_MS = 5_000

export function createServer(options: ServerOptions): Server {
  /** The values are promises, so that two concurrent calls for an address share one listener. */
  const apps = new Map<string, Promise<App>>()
  const addresses: Address[] = []
  const listening: App[] = []

  const open = async (address: Address): Promise<App> => {
    assertAddressIsSafe(address, options)
    const { partsAt = null } = options
    const hasParts = partsAt === null || text(partsAt) === text(address)
    const app = createApp(address.host, hasParts ? options : { ...options, parts: [] })
    try {
      await app.fastify.listen({ host: address.host, port: address.port })
    } catch (cause) {
      throw new UserError(`cannot listen on ${text(address)}: ${messageOf(cause)}`, {
        code: 'unavailable-address',
        hint: 'stop the program that uses the address, or choose another port',
        cause,
      })
    }
    const bound = app.fastify.server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
    const opened = { host: address.host, port }
    addresses.push(opened)
    listening.push(app)
    options.log.info({ address: text(opened) }, 'listening')
    const scheme = (options.tls?.() ?? null) === null ? 'http' : 'https'
    if (hasParts) options.onPartsOpened?.(`${scheme}://${text(opened)}/`)
    return app
  }

  const appAt = (address: Address): Promise<App> => {
    const key = text(address)
    const app = apps.get(key) ?? open(address)
    apps.set(key, app)
    // An address that was in use may be free at the next call.
    app.catch(() => apps.delete(key))
    return app
  }

  return {
    addresses,
    async listen(address) {
      await appAt(address)
    },
    async post(address, path, endpoint) {
      const app = await appAt(address)
      if (app.posts.has(path))
        throw new UserError(`two sources receive posts on ${text(address)}${path}`, {
          code: 'duplicate-source',
          hint: 'give each HTTP source an address of its own',
        })
      app.posts.set(path, endpoint)
    },
    renewCertificate() {
      const tls = options.tls?.() ?? null
      if (tls === null) return
      for (const { fastify } of listening)
        if (fastify.server instanceof TlsServer) fastify.server.setSecureContext(tlsOptions(tls))
    },
    async close() {
      // An address that could not be opened has been reported to its caller already.
      await Promise.allSettled([...apps.values()].map(async (app) => closeApp(await app)))
    },
  }
}

function assertAddressIsSafe({ host, port }: Address, { token, rules }: ServerOptions): void {
  const { tokens = [], proxy = null } = rules?.() ?? {}
  if (isLoopback(host) || token?.() || tokens.length > 0 || proxy !== null) return
  throw new UserError(`${text({ host, port })} is reachable from other machines and no token is configured`, {
    code: 'missing-token',
    hint: 'use --http-token-file FILE or `api.tokens` in signalbox.yaml, or listen on 127.0.0.1',
  })
}

async function closeApp({ fastify }: App): Promise<void> {
  const late = setTimeout(() => fastify.server.closeAllConnections(), CLOSE_TIMEOUT_MS)
  await fastify.close()
  clearTimeout(late)
}

function text({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
