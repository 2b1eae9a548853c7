/** The receivers of the alerts, outside of the product: one for each path, with a record of requests and their keys. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request in twenty is refused. */
const REFUSED_SHARE = 0.05

export const RECEIVERS = ['main', 'second', 'third', 'fallback'] as const
export type ReceiverName = (typeof RECEIVERS)[number]

/** Idempotency key -> the number of requests that were answered 200. */
export type KeyCounts = Map<string, number>

export interface ClusterReceiver {
  readonly url: string
  /** The alerts that each receiver has accepted. */
  readonly arrivals: Readonly<Record<ReceiverName, ReadonlyMap<string, KeyCounts>>>
  refused(): number
  /** While a receiver is down, it closes each connection without an answer. */
  setDown(receiver: ReceiverName, isDown: boolean): void
  close(): Promise<void>
}

export async function startClusterReceiver(random: () => number): Promise<ClusterReceiver> {
  const arrivals: Record<ReceiverName, Map<string, KeyCounts>> = {
    main: new Map(),
    second: new Map(),
    third: new Map(),
    fallback: new Map(),
  }
  const down = new Set<ReceiverName>()
  let refused = 0
  const accept = (name: ReceiverName, key: string, body: string) => {
    const { alertId } = JSON.parse(body) as { alertId: string }
    const keys = arrivals[name].get(alertId) ?? new Map()
    arrivals[name].set(alertId, keys.set(key, (keys.get(key) ?? 0) + 1))
  }
  const server = createServer((request, response) => {
    const name = RECEIVERS.find((each) => request.url === `/${each}`)
    if (name === undefined) throw new Error(`no receiver has the path ${request.url}`)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (down.has(name)) return void request.socket.destroy()
      if (random() < REFUSED_SHARE) {
        refused++
        response.writeHead(503).end()
        return
      }
      accept(name, String(request.headers['idempotency-key']), Buffer.concat(chunks).toString())
      response.writeHead(200).end('ok')
    })
    request.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    refused: () => refused,
    setDown: (name, isDown) => void (isDown ? down.add(name) : down.delete(name)),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
