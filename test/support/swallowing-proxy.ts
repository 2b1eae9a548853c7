/** A TCP proxy before a database: it lets a request through and loses the answer, as a network that breaks between both. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SwallowingProxy {
  readonly port: number
  /** The answer to the next request that contains the text is lost, and its connection is closed. */
  swallowAnswerTo(text: string): void
  /** How many answers were lost. */
  swallowed(): number
  close(): Promise<void>
}

export async function startSwallowingProxy(target: number): Promise<SwallowingProxy> {
  const sockets = new Set<Socket>()
  /** The statement by its name, which later requests use instead of the text. */
  let wanted: string | null = null
  let count = 0
  const server = createServer((client) => {
    const upstream = connect({ port: target, host: '127.0.0.1' })
    const names = new Map<string, string>()
    let swallows = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.on('data', (data) => {
      const text = data.toString('latin1')
      for (const [, name, sql] of text.matchAll(/P[\s\S]{4}(s\d+)\0([^\0]*)\0/g)) names.set(name!, sql!)
      const used = [...text.matchAll(/B[\s\S]{4}\0(s\d+)\0/g)].map(([, name]) => names.get(name!) ?? '')
      if (wanted !== null && used.some((sql) => sql.includes(wanted!))) {
        wanted = null
        swallows = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!swallows) return void client.write(data)
      // The answer has come, so the request was carried out.
      count++
      client.destroy()
      upstream.destroy()
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    swallowAnswerTo: (text) => {
      wanted = text
    },
    swallowed: () => count,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
