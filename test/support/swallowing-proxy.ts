/**
 * A TCP proxy before a database. It loses the answer of a request that was carried out, as a network that breaks between
 * both, or delivers a request late, as a network that delays it.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SwallowingProxy {
  readonly port: number
  /** The answer to the next request that contains the text is lost, and its connection is closed. */
  swallowAnswerTo(text: string): void
  /** How many answers were lost. */
  swallowed(): number
  /** The next request that contains the text waits in the proxy. */
  holdRequest(text: string): HeldRequest
  close(): Promise<void>
}

export interface HeldRequest {
  /** True while a request waits. */
  isHeld(): boolean
  /** Passes the request on, also if its client has closed the connection meanwhile. Later requests are not held. */
  release(): void
}

interface Hold {
  readonly text: string
  pass: (() => void) | null
}

export async function startSwallowingProxy(target: number): Promise<SwallowingProxy> {
  const sockets = new Set<Socket>()
  /** The statement by its name, which later requests use instead of the text. */
  let wanted: string | null = null
  let hold: Hold | null = null
  let count = 0
  const server = createServer((client) => {
    const upstream = connect({ port: target, host: '127.0.0.1' })
    const names = new Map<string, string>()
    let swallows = false
    /** What came since a request is held; null: nothing is held on this connection. */
    let held: Buffer[] | null = null
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    const pass = () => {
      for (const data of held ?? []) upstream.write(data)
      held = null
      if (client.destroyed) upstream.end()
    }
    client.on('data', (data) => {
      if (held) return void held.push(data)
      const used = statementsOf(data, names)
      if (wanted !== null && used.some((sql) => sql.includes(wanted!))) {
        wanted = null
        swallows = true
      }
      if (hold?.pass === null && used.some((sql) => sql.includes(hold!.text))) {
        held = [data]
        hold.pass = pass
        return
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
    client.on('close', () => {
      if (!held) upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    swallowAnswerTo: (text) => {
      wanted = text
    },
    swallowed: () => count,
    holdRequest: (text) => {
      const mine: Hold = { text, pass: null }
      hold = mine
      return {
        isHeld: () => mine.pass !== null,
        release: () => {
          if (hold === mine) hold = null
          mine.pass?.()
        },
      }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The texts of the prepared statements that the messages use. New statements are noted by their names. */
function statementsOf(data: Buffer, names: Map<string, string>): string[] {
  const text = data.toString('latin1')
  for (const [, name, sql] of text.matchAll(/P[\s\S]{4}(s\d+)\0([^\0]*)\0/g)) names.set(name!, sql!)
  return [...text.matchAll(/B[\s\S]{4}\0(s\d+)\0/g)].map(([, name]) => names.get(name!) ?? '')
}
