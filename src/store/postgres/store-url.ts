/** Reads `postgres://USER@HOST:PORT/DATABASE?…`: the server, the TLS mode, the schema, and where the password is. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { didYouMean } from '../../core/did-you-mean.ts'
import { messageOf, UserError } from '../../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface PostgresSettings {
  /** The URL without the password and without the paths of secrets, for messages. */
  readonly location: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly schema: string
  /** How many connections write and read at most. */
  readonly connections: number
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null
  /** It is called for each connection, so that a file can be replaced while the daemon runs. */
  readonly password: () => string
  /** The setting from which the password came, for messages. */
  readonly passwordSource: string
  /** The password is part of the URL, which other users of the machine can see. */
  readonly hasPasswordInUrl: boolean
}

const PARAMETERS = [
  'allowPlaintext',
  'host',
  'passwordFile',
  'pool',
  'schema',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslrootcert',
] as const
type Parameter = (typeof PARAMETERS)[number]

const FORM = 'use postgres://USER@HOST:PORT/DATABASE, with the password in a file: ?passwordFile=PATH'
const DEFAULT_CONNECTIONS = 4
const MAX_CONNECTIONS = 64
const SCHEMA = /^[a-z_][a-z0-9_]{0,40}$/

export function readStoreUrl(url: string, environment: Environment, projectRoot: string): PostgresSettings {
  const parsed = parseUrl(url)
  const parameter = parametersOf(parsed)
  const host = parameter('host') ?? hostOf(parsed) ?? environment.PGHOST ?? 'localhost'
  const port = Number(parsed.port || environment.PGPORT || 5432)
  const user = decoded(parsed.username) || environment.PGUSER
  const database = decoded(parsed.pathname.slice(1)) || environment.PGDATABASE || user
  if (!user || !database) throw invalid('the store URL names no user or no database', FORM)
  const schema = parameter('schema') ?? 'signalbox'
  if (!SCHEMA.test(schema))
    throw invalid(
      `the schema "${schema}" of the store is not usable`,
      'use a-z, 0-9 and _, at most 41 of them',
    )
  const password = passwordOf(parsed, parameter('passwordFile'), environment, projectRoot)
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    location: `postgres://${encodeURIComponent(user)}@${shownHost}:${port}/${encodeURIComponent(database)}?schema=${schema}`,
    host,
    port,
    database,
    user,
    schema,
    connections: connectionsOf(parameter('pool')),
    tls: tlsOf(host, parameter, projectRoot),
    ...password,
  }
}

function parseUrl(url: string): URL {
  try {
    return new URL(url)
  } catch {
    // The URL may contain a password, so it is not part of the message.
    throw invalid('the store is no valid postgres: URL', FORM)
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid('the store URL has a % that begins no escape', 'write %25 instead of %')
  }
}

function hostOf({ hostname }: URL): string | undefined {
  return hostname === '' ? undefined : decoded(hostname.replace(/^\[|\]$/g, ''))
}

function parametersOf({ searchParams }: URL): (name: Parameter) => string | undefined {
  for (const name of searchParams.keys()) {
    if (!(PARAMETERS as readonly string[]).includes(name))
      throw invalid(`the store URL has an unknown parameter "${name}"`, didYouMean(name, PARAMETERS) ?? FORM)
  }
  return (name) => searchParams.get(name) ?? undefined
}

function connectionsOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_CONNECTIONS
  const connections = Number(text)
  if (!Number.isInteger(connections) || connections < 1 || connections > MAX_CONNECTIONS)
    throw invalid('`pool` of the store URL is no number of connections', `use 1 to ${MAX_CONNECTIONS}`)
  return connections
}

type Password = Pick<PostgresSettings, 'password' | 'passwordSource' | 'hasPasswordInUrl'>

function passwordOf(
  parsed: URL,
  file: string | undefined,
  environment: Environment,
  projectRoot: string,
): Password {
  if (file !== undefined) {
    const path = resolve(projectRoot, file)
    const password = () => readSecretFile(path, 'passwordFile').replace(/\r?\n$/, '')
    return { password, passwordSource: `the file ${path} (passwordFile)`, hasPasswordInUrl: false }
  }
  if (parsed.password !== '') {
    const password = decoded(parsed.password)
    return { password: () => password, passwordSource: 'the store URL', hasPasswordInUrl: true }
  }
  const name = ['SIGNALBOX_STORE_PASSWORD', 'PGPASSWORD'].find((each) => environment[each] !== undefined)
  const password = name === undefined ? '' : environment[name]!
  const passwordSource = name ?? 'no setting: there is no passwordFile and no SIGNALBOX_STORE_PASSWORD'
  return { password: () => password, passwordSource, hasPasswordInUrl: false }
}

function tlsOf(
  host: string,
  parameter: (name: Parameter) => string | undefined,
  projectRoot: string,
): PostgresSettings['tls'] {
  const isNear = isLoopback(host)
  const mode = parameter('sslmode') ?? (isNear ? 'disable' : 'verify-full')
  if (mode !== 'disable' && mode !== 'verify-full') {
    throw invalid(
      `the store URL has sslmode=${/^[a-z-]{1,20}$/.test(mode) ? mode : '…'}`,
      'use verify-full, which checks the certificate and the name of the server, with sslrootcert=FILE for an own authority',
    )
  }
  if (mode === 'disable') {
    if (!isNear && parameter('allowPlaintext') !== 'true') {
      throw invalid(
        'the store URL would send alerts and the password to another host without TLS',
        'remove sslmode=disable, or add allowPlaintext=true if the network between is private',
      )
    }
    return null
  }
  const read = (name: 'sslrootcert' | 'sslcert' | 'sslkey') => {
    const file = parameter(name)
    return file === undefined ? undefined : readPem(resolve(projectRoot, file), name)
  }
  const ca = read('sslrootcert')
  const cert = read('sslcert')
  const key = read('sslkey')
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

function isLoopback(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function readSecretFile(path: string, parameter: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UserError(`the file of \`${parameter}\` of the store cannot be read: ${messageOf(cause)}`, {
      code: 'inaccessible-store',
      hint: 'check the path, which is relative to the project, and its permissions',
      cause,
    })
  }
}

/** Reads a certificate or a key. What is neither would fail later, without the name of the setting. */
function readPem(path: string, parameter: 'sslrootcert' | 'sslcert' | 'sslkey'): string {
  const text = readSecretFile(path, parameter)
  try {
    if (parameter === 'sslkey') createPrivateKey(text)
    else new X509Certificate(text)
    return text
  } catch {
    const what = parameter === 'sslkey' ? 'private key without a passphrase' : 'certificate'
    throw invalid(
      `the file of \`${parameter}\` of the store holds no ${what}`,
      'use a file in the format PEM',
    )
  }
}

function invalid(message: string, hint: string): UserError {
  return new UserError(message, { code: 'invalid-store-url', hint })
}
