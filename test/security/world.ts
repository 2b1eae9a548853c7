/** A folder, an environment and a server in which an attempt may leave traces, and what a detection may know of them. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Attempt } from './attempts.ts'

/**
 * The moment of an attempt. `unguarded` is at an event after the audit hook was emptied, and `restored` is at an
 * event after a restore from a snapshot.
 */
export type Moment = 'event' | 'load' | 'unguarded' | 'restored'

export interface World {
  /**
   * The secret in the environment, in a file of the host, in a file that stands for the key of the cache, and on
   * standard input.
   */
  readonly secret: string
  readonly environment: Readonly<Record<string, string>>
  readonly folder: string
  /** Paths of the requests; `connection` for each connection, whatever was said on it. */
  readonly requests: readonly string[]
  /** The attempt as a detection. */
  source(attempt: Attempt, name: string, moment?: Moment): string
  /** The traces that an attempt left on the host; empty if it left none. */
  traces(name: string, output: string): string[]
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-escapes-'))
  const secret = `secret-${crypto.randomUUID()}`
  mkdirSync(join(folder, 'host'))
  for (const file of ['secret', 'key']) writeFileSync(join(folder, 'host', file), secret)
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.end('canary')
  })
  server.on('upgrade', (request, socket) => {
    requests.push(request.url ?? '')
    socket.destroy()
  })
  server.on('connection', () => requests.push('connection'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const canary = (name: string) => join(folder, slug(name))
  return {
    secret,
    environment: { SIGNALBOX_CANARY: secret },
    folder,
    requests,
    source: (attempt, name, moment = 'event') =>
      detectionSource(
        prelude({ folder, port, canary: canary(name), path: slug(name) }),
        attempt.code,
        moment,
      ),
    traces: (name, output) => [
      ...(existsSync(canary(name)) ? ['a file on the host'] : []),
      ...(requests.some((path) => path.startsWith(`/${slug(name)}`)) ? ['a request'] : []),
      ...(output.includes(secret) ? ['a secret'] : []),
      ...(/GREW \d{8}/.test(output) ? ['memory'] : []),
      ...(output.includes('CHANGED') ? ['a file of the interpreter'] : []),
    ],
    async close() {
      await new Promise((resolve) => server.close(resolve).closeAllConnections())
      rmSync(folder, { recursive: true })
    },
  }
}

function slug(name: string): string {
  return name.replaceAll(/\W+/g, '-').toLowerCase()
}

interface AttemptTargets {
  readonly folder: string
  readonly port: number
  readonly canary: string
  readonly path: string
}

function prelude({ folder, port, canary, path }: AttemptTargets): string {
  const url = `http://127.0.0.1:${port}/${path}`
  const fetching = `fetch(${JSON.stringify(url)}).catch(() => {})`
  const names = {
    CANARY: canary,
    SECRET_FILE: join(folder, 'host', 'secret'),
    KEY_FILE: join(folder, 'host', 'key'),
    ENV: 'SIGNALBOX_CANARY',
    URL: url,
    SHELL: `echo reached > ${canary}`,
    JS: `process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(canary)}, 'reached')`,
    FETCH: fetching,
    FETCH_SHELL: `${process.execPath} -e '${fetching}'`,
  }
  return `${Object.entries(names)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join('\n')}
PORT = ${port}
O_PATH = 0o10000000
WROTE = "".join(["CHAN", "GED"])

def by_shell(*_):
    import os
    return os.system(SHELL)

async def later(function):
    function()
`
}

/** Without a warning: the check of what all bodies share must not keep the attempt from being made. */
const UNGUARD = `
import signalbox_driver.sandbox as sandbox
from signalbox_driver import integrity
integrity.all = lambda _: True
sandbox._WATCHED = frozenset()
sandbox._ACTIONS = sandbox._BRIDGES = ()
sandbox._OPEN_FLAGS = -1
`
const AT_LOAD = `
try: GOT = str(attempt())
except BaseException as error: GOT = repr(error)
got = lambda: GOT
`

function detectionSource(prelude: string, code: string, moment: Moment): string {
  const body = code
    .trim()
    .split('\n')
    .map((line) => `    ${line.replace(/^ {6}/, '')}`)
    .join('\n')
  return `${prelude}
def attempt():
${body}
got = attempt
${moment === 'unguarded' ? UNGUARD : ''}${moment === 'load' ? AT_LOAD : ''}
def rule(event): return True
def alert_context(event): return {"got": str(got())}
`
}
