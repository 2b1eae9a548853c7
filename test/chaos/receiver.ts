/** The receiver with its own log of requests and their keys. It refuses one request in five. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Arrival {
  readonly key: string
  readonly alertId: string
}

export interface ChaosReceiver {
  readonly url: string
  /** Event id -> every request that was answered 200. */
  readonly arrivals: ReadonlyMap<string, readonly Arrival[]>
  refused(): number
  close(): Promise<void>
}

export async function startChaosReceiver(random: () => number): Promise<ChaosReceiver> {
  const arrivals = new Map<string, Arrival[]>()
  let refused = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (random() < 0.2) {
        refused++
        response.writeHead(500).end()
        return
      }
      const { alertId, alertContext } = JSON.parse(Buffer.concat(chunks).toString()) as {
        alertId: string
        alertContext: { id: string }
      }
      const before = arrivals.get(alertContext.id) ?? []
      arrivals.set(alertContext.id, [...before, { key: String(request.headers['idempotency-key']), alertId }])
      response.writeHead(200).end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    refused: () => refused,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
