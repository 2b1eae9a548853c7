/** Keeps one pool of connections for each transport: certificates and proxy differ between destinations. */
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { Transport } from '../../model/ports.ts'
import { publicLookup } from './private-address.ts'

/** Pools are limited because rotated certificates leave unused ones. */
const MAX_POOLS = 64

interface ConnectionLimits {
  readonly connectTimeoutMs: number
  /** The time from the call to the last byte. */
  readonly totalTimeoutMs: number
}

interface Connections {
  to(transport: Transport): Dispatcher
  close(): Promise<void>
}

export function createConnections(limits: ConnectionLimits): Connections {
  const pools = new Map<string, Dispatcher>()
  return {
    to(transport) {
      const { ca, certificate, key, proxy, publicOnly, connectTimeoutMs } = transport
      const name = JSON.stringify([ca, certificate, key, proxy, publicOnly, connectTimeoutMs])
      let pool = pools.get(name)
      if (!pool) {
        pool = open(transport, limits)
        pools.set(name, pool)
        if (pools.size > MAX_POOLS) closeOldest(pools)
      }
      return pool
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

function open(transport: Transport, limits: ConnectionLimits): Dispatcher {
  const { ca, certificate, key, proxy, publicOnly, connectTimeoutMs = limits.connectTimeoutMs } = transport
  const tls = { ca, cert: certificate, key }
  const connect = { timeout: connectTimeoutMs, ...tls, ...(publicOnly && { lookup: publicLookup }) }
  const times = { headersTimeout: limits.totalTimeoutMs, bodyTimeout: limits.totalTimeoutMs }
  if (proxy === undefined) return new Agent({ connect, ...times })
  return new ProxyAgent({ uri: proxy, requestTls: { ...tls, timeout: connectTimeoutMs }, connect, ...times })
}

/** Closes the oldest pool after its requests have ended. */
function closeOldest(pools: Map<string, Dispatcher>): void {
  const [oldest] = pools
  if (!oldest) return
  pools.delete(oldest[0])
  oldest[1].close().catch(() => {})
}
