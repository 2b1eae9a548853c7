/** A fake NATS server for one publisher (the line protocol, and the acknowledgement of one stream), and a client of a real one. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { until } from './until.ts'

export interface NatsFake {
  readonly url: string
  /** The bodies that the stream stores, by message id. */
  readonly stored: ReadonlyMap<string, string>
  /** The bodies that were published without a reply address. */
  readonly heard: readonly string[]
  close(): Promise<void>
}

/** @param stream null: no stream listens. */
export async function startNats(
  stream: string | null = 'ALERTS',
  token = 'T0KEN-of-nats',
): Promise<NatsFake> {
  const stored = new Map<string, string>()
  const heard: string[] = []
  const sockets = new Set<Socket>()

  function talk(socket: Socket): void {
    const subscriptions = new Map<string, string>()
    let buffer = ''
    const say = (line: string) => socket.write(`${line}\r\n`)
    const reply = (to: string, headers: string, body: string) => {
      const sid = [...subscriptions].find(([subject]) => to.startsWith(subject.replace(/\*$/, '')))?.[1]
      const total = headers.length + Buffer.byteLength(body)
      socket.write(
        headers
          ? `HMSG ${to} ${sid} ${headers.length} ${total}\r\n${headers}${body}\r\n`
          : `MSG ${to} ${sid} ${Buffer.byteLength(body)}\r\n${body}\r\n`,
      )
    }
    const published = (to: string | undefined, headers: string, body: string) => {
      if (!to) return void heard.push(body)
      if (stream === null) return reply(to, 'NATS/1.0 503\r\n\r\n', '')
      const id = /Nats-Msg-Id: ?(\S+)/.exec(headers)?.[1] ?? ''
      const duplicate = stored.has(id)
      if (!duplicate) stored.set(id, body)
      reply(to, '', JSON.stringify({ stream, seq: stored.size, ...(duplicate && { duplicate }) }))
    }
    const read = () => {
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const [verb = '', ...words] = buffer.slice(0, end).split(' ')
        const sizes =
          verb === 'PUB' || verb === 'HPUB' ? words.filter((word) => /^\d+$/.test(word)).map(Number) : []
        const size = sizes.at(-1)
        if (size !== undefined && buffer.length < end + 2 + size + 2) return
        const payload = buffer.slice(end + 2, end + 2 + (size ?? 0))
        buffer = buffer.slice(end + 2 + (size === undefined ? 0 : size + 2))
        if (verb === 'CONNECT' && !words.join(' ').includes(`"auth_token":"${token}"`)) {
          say("-ERR 'Authorization Violation'")
          return socket.end()
        }
        if (verb === 'PING') say('PONG')
        if (verb === 'SUB') subscriptions.set(words[0]!, words.at(-1)!)
        if (size !== undefined) {
          const headerSize = verb === 'HPUB' ? sizes.at(-2)! : 0
          const to = words.length > (verb === 'HPUB' ? 3 : 2) ? words[1] : undefined
          published(to, payload.slice(0, headerSize), payload.slice(headerSize))
        }
      }
    }
    say(
      'INFO {"server_id":"fake","version":"2.10.0","headers":true,"max_payload":1048576,"auth_required":true}',
    )
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      buffer += String(chunk)
      read()
    })
    socket.on('error', () => {})
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    talk(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `nats://127.0.0.1:${port}`,
    stored,
    heard,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/**
 * A client that shares no code with the library: it subscribes to all subjects, and returns the first message that the
 * server passes on, which the server has parsed and written again.
 * @param ready is called when the server has the subscription.
 */
export async function receiveByLines(
  port: number,
  token: string,
  ready: () => Promise<unknown>,
): Promise<{ subject: string; headers: string; body: string }> {
  const socket = connect({ port, host: 'localhost' }).setEncoding('latin1')
  let buffer = ''
  socket.on('data', (chunk) => {
    buffer += String(chunk)
  })
  try {
    socket.write(`CONNECT {"verbose":false,"headers":true,"auth_token":"${token}"}\r\nSUB > 1\r\nPING\r\n`)
    await until(() => buffer.includes('PONG\r\n'))
    await ready()
    const message = () => /HMSG (soc\.\S+) 1 (?:\S+ )?(\d+) (\d+)\r\n([\s\S]*)$/.exec(buffer)
    await until(() => (message()?.[4]?.length ?? -1) >= Number(message()?.[3] ?? Infinity))
    const [, subject = '', headerSize, size, rest = ''] = message()!
    return {
      subject,
      headers: rest.slice(0, Number(headerSize)),
      body: Buffer.from(rest.slice(Number(headerSize), Number(size)), 'latin1').toString(),
    }
  } finally {
    socket.destroy()
  }
}
