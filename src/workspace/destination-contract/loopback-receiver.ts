/** A real HTTP server on loopback that records what it gets, answers as it is scripted to, and rejects unexpected requests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PermanentError, RetryableError } from '../../errors.ts'

/** It only ends what hangs. */
const ARRIVAL_TIMEOUT_MS = 150_000

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The headers as they were sent, with repeats and order. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Answers only when this resolves. */
  readonly after?: Promise<unknown>
  /** `interim` sends only the status line, as a server does with 1xx, and closes the connection. */
  readonly fault?:
    | 'interim'
    | 'reset'
    | 'reset-mid-body'
    | 'stalled-body'
    | 'endless-body'
    | 'silent'
    | 'garbage'
}

export interface Receiver {
  readonly url: string
  readonly requests: readonly Received[]
  /** Answers the next requests with these responses in order, and later ones with `always`. */
  script(...answers: readonly Answer[]): void
  always(answer: Answer): void
  /** Answers the next n requests with status 500 and a body that contains everything that they sent. */
  echo(n: number): void
  /** Waits for the nth request; n are expected from now on. */
  until(n: number): Promise<void>
  /** Throws if more requests came than `until` or `expect` announced. */
  close(): Promise<void>
  expect(n: number): void
}

export async function startReceiver(): Promise<Receiver> {
  const requests: Received[] = []
  const queue: (Answer | 'echo')[] = []
  let otherwise: Answer = { status: 200, body: 'ok' }
  let expected = 0
  const waiting = new Set<() => void>()

  const server = createServer((request, response) => {
    void read(request).then(async (received) => {
      requests.push(received)
      for (const wake of waiting) wake()
      const answer = queue.shift() ?? otherwise
      await reply(response, answer === 'echo' ? { status: 500, body: echoOf(received) } : answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  /** Resolves when there are n requests. */
  const arrival = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(check)
        reject(
          new RetryableError(`${requests.length} of ${n} requests arrived within ${ARRIVAL_TIMEOUT_MS} ms`),
        )
      }, ARRIVAL_TIMEOUT_MS)
      const check = () => {
        if (requests.length < n) return
        clearTimeout(timer)
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  const expectRequests = (n: number) => {
    expected = Math.max(expected, n)
  }

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    script: (...answers) => queue.push(...answers),
    always: (answer) => {
      otherwise = answer
    },
    echo: (n) => queue.push(...Array<'echo'>(n).fill('echo')),
    expect: expectRequests,
    until: (n) => {
      expectRequests(n)
      return arrival(n)
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      const extra = requests.slice(expected).map(({ method, path }) => `${method} ${path}`)
      if (extra.length > 0)
        throw new PermanentError(`${extra.length} unexpected requests: ${extra.join(', ')}`)
    },
  }
}

function echoOf({ path, rawHeaders, body }: Received): string {
  return [path, ...rawHeaders, body].join(' ')
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { method = '', url = '', headers, rawHeaders } = request
  return { method, path: url, headers, rawHeaders, body: Buffer.concat(chunks).toString('utf8') }
}

async function reply(response: ServerResponse, answer: Answer): Promise<void> {
  const { status = 200, headers = {}, body = '', after, fault } = answer
  await after
  const socket = response.socket
  if (!socket || socket.destroyed || fault === 'silent') return
  if (fault === 'reset') return void socket.resetAndDestroy()
  if (fault === 'garbage') return void socket.end(`\u0000\u0001 this is not HTTP ${body}\r\n\r\n`)
  if (fault === 'interim') return void socket.end(`HTTP/1.1 ${status} Interim\r\n\r\n`)
  if (!fault) return void response.writeHead(status, headers).end(body)
  response.writeHead(status, headers)
  response.write(body || 'beginning of a body')
  if (fault === 'reset-mid-body') setImmediate(() => socket.resetAndDestroy())
  if (fault === 'endless-body') pour(response)
}

function pour(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(16_384)));
  }
  response.on('drain', more)
  more()
}

/**
 * A port that refuses connections: it lies below the ports that a system hands out, so that no server gets it.
 * A port that a server has just released can be given to the next server.
 */
export const REFUSING_PORT = 1
