/** A PostgreSQL server of its own for a test file, in a temporary folder. It refuses to run as root. */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
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
  /** Adds a line before the others of pg_hba.conf, and waits until it counts. */
  addAccessRule(line: string): void
}

/** `describe` for a suite that needs PostgreSQL. The server starts with the first call of `server()`. */
export function describeWithPostgres(
  title: string,
  suite: (server: () => PostgresServer) => void,
  { hasTls = false }: { readonly hasTls?: boolean } = {},
): void {
  const reason = folder === undefined ? 'PostgreSQL is not installed' : null
  describeUnless(reason, 'postgresql', title, () => {
    let server: PostgresServer | null = null
    afterAll(() => {
      server?.stop('immediate')
      if (server) rmSync(server.folder, { recursive: true, force: true })
    })
    suite(() => {
      server ??= startPostgres({ syncs: false, hasTls })
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

interface ServerOptions {
  /** Whether commits wait for the disk. No test of a unit looks at what a power cut leaves. */
  readonly syncs: boolean
  /** The server has the certificate for `localhost` and 127.0.0.1 of `support/tls`. */
  readonly hasTls?: boolean
}

const TLS_FOLDER = join(import.meta.dirname, 'tls')

/** Copies certificate and key to a folder of the server, which accepts a key of its own user only. */
function tlsSettings(home: string, data: string): string {
  const { uid, gid } = statSync(data)
  for (const name of ['server.pem', 'server.key', 'ca.pem']) {
    const path = join(home, name)
    writeFileSync(path, readFileSync(join(TLS_FOLDER, name)), { mode: 0o600 })
    chownSync(path, uid, gid)
  }
  return `ssl=on ssl_cert_file=${home}/server.pem ssl_key_file=${home}/server.key ssl_ca_file=${home}/ca.pem`
}

export function startPostgres({ syncs, hasTls = false }: ServerOptions): PostgresServer {
  // The folder of the run is closed to other users, and root may not run the server.
  const home = mkdtempSync('/tmp/signalbox-postgres-')
  chmodSync(home, 0o777)
  const data = join(home, 'data')
  run(`${folder}/initdb -D ${data} -U postgres -A trust -N -E UTF8 --locale=C`)
  const addresses = hasTls ? '127.0.0.1,127.0.0.2' : '127.0.0.1'
  const settings = `listen_addresses=${addresses} max_connections=100 fsync=${syncs ? 'on' : 'off autovacuum=off'}`
  const all = `${settings}${hasTls ? ` ${tlsSettings(home, data)}` : ''}`
  const options = [`unix_socket_directories=${home}`, ...all.split(' ')].map((each) => `-c ${each}`)
  const startOn = (port: number) =>
    run(`${folder}/pg_ctl -D ${data} -l ${home}/log -o '-p ${port} ${options.join(' ')}' -w start >/dev/null`)
  const port = firstFree(startOn)
  let schemas = 0
  const sql = (text: string) =>
    execFileSync(`${folder}/psql`, ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-Atqc', text], {
      encoding: 'utf8',
    })
  return {
    port,
    folder: home,
    url: () => `postgres://postgres@127.0.0.1:${port}/postgres?schema=s${schemas++}`,
    stop: (mode) => void run(`${folder}/pg_ctl -D ${data} -m ${mode} -w stop >/dev/null`),
    start: () => void startOn(port),
    sql,
    addAccessRule: (line) => {
      const file = join(data, 'pg_hba.conf')
      writeFileSync(file, `${line}\n${readFileSync(file, 'utf8')}`)
      sql('SELECT pg_reload_conf()')
    },
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
