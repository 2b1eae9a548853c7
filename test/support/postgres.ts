/** A PostgreSQL server of its own for a test file, in a temporary folder. It refuses to run as root. */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { describeUnless } from './optional-program.ts'

const VERSIONS = ['18', '17', '16', '15', '14']
const folder = VERSIONS.map((version) => `/usr/lib/postgresql/${version}/bin`).find((path) =>
  existsSync(join(path, 'initdb')),
)

export interface PostgresServer {
  readonly port: number
  readonly folder: string
  /** The URL of a schema that no other call has returned. */
  url(): string
  stop(mode: 'fast' | 'immediate'): void
  start(): void
  /** Runs SQL as the superuser. */
  sql(text: string): string
}

/** `describe` for a suite that needs PostgreSQL. The server starts with the first call of `server()`. */
export function describeWithPostgres(title: string, suite: (server: () => PostgresServer) => void): void {
  const reason = folder === undefined ? 'PostgreSQL is not installed' : null
  describeUnless(reason, 'postgresql', title, () => {
    let server: PostgresServer | null = null
    afterAll(() => {
      server?.stop('immediate')
      if (server) rmSync(server.folder, { recursive: true, force: true })
    })
    suite(() => {
      server ??= startPostgres({ syncs: false })
      return server
    })
  })
}

const isRoot = userInfo().uid === 0

/** Runs a program of PostgreSQL, as the user of its package if this user is root. */
function run(command: string): string {
  const argv: [string, string[]] = isRoot
    ? ['su', ['postgres', '-s', '/bin/sh', '-c', command]]
    : ['sh', ['-c', command]]
  return execFileSync(argv[0], argv[1], { encoding: 'utf8', cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The system gives none of these ports to a program that asks for a free one. */
function somePort(): number {
  return randomInt(15_000, 32_000)
}

/** @param syncs Whether commits wait for the disk. No test of a unit looks at what a power cut leaves. */
export function startPostgres({ syncs }: { readonly syncs: boolean }): PostgresServer {
  // The folder of the run is closed to other users, and root may not run the server.
  const home = mkdtempSync('/tmp/signalbox-postgres-')
  chmodSync(home, 0o777)
  const data = join(home, 'data')
  run(`${folder}/initdb -D ${data} -U postgres -A trust -N -E UTF8 --locale=C`)
  const settings = `listen_addresses=127.0.0.1 max_connections=100 fsync=${syncs ? 'on' : 'off autovacuum=off'}`
  const options = [`unix_socket_directories=${home}`, ...settings.split(' ')].map((each) => `-c ${each}`)
  const startOn = (port: number) =>
    run(`${folder}/pg_ctl -D ${data} -l ${home}/log -o '-p ${port} ${options.join(' ')}' -w start >/dev/null`)
  const port = firstFree(startOn)
  let schemas = 0
  return {
    port,
    folder: home,
    url: () => `postgres://postgres@127.0.0.1:${port}/postgres?schema=s${schemas++}`,
    stop: (mode) => void run(`${folder}/pg_ctl -D ${data} -m ${mode} -w stop >/dev/null`),
    start: () => void startOn(port),
    sql: (text) =>
      execFileSync(
        `${folder}/psql`,
        ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-Atqc', text],
        { encoding: 'utf8' },
      ),
  }
}

function firstFree(startOn: (port: number) => void): number {
  for (let tries = 0; ; tries++) {
    const port = somePort()
    try {
      startOn(port)
      return port
    } catch (error) {
      if (tries === 4) throw error
    }
  }
}
