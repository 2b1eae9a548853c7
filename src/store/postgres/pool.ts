/** The connections to PostgreSQL. It is the only module that imports the client library. */
import pg from 'pg'
import type { PostgresSettings } from './store-url.ts'
import { decodeJson, decodeText, encodeJson, encodeText } from './text-codec.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** A dead network brings no answer of the server, so the client has a limit of its own. */
const QUERY_TIMEOUT_MS = 12_000
const STATEMENT_TIMEOUT_MS = 10_000
const LOCK_TIMEOUT_MS = 8_000
const IDLE_TRANSACTION_TIMEOUT_MS = 15_000
const KEEP_ALIVE_MS = 10_000

/** A value that is sent as JSON. */
export class Json {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

/** A list whose elements are JSON texts, which are encoded already. */
export class JsonList {
  readonly elements: readonly string[]
  constructor(elements: readonly string[]) {
    this.elements = elements
  }
}

export type Parameter = string | number | null | readonly string[] | Json | JsonList

export interface Connection {
  query<R>(sql: string, parameters?: readonly Parameter[]): Promise<R[]>
}

/** A connection that stays open: a lock of the session ends with it. */
export interface HeldConnection extends Connection {
  /** Calls back once when the connection ends, unless `close` was called. */
  onEnd(callback: () => void): void
  onNotification(callback: () => void): void
  close(): Promise<void>
}

export interface Pool {
  /** Uses one connection. If `work` fails in a way that leaves its state unknown, the connection is closed. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  hold(): Promise<HeldConnection>
  close(): Promise<void>
}

const JSON_TYPES: readonly number[] = [pg.types.builtins.JSON, pg.types.builtins.JSONB]
const NUMBER_TYPES: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.FLOAT8]
const TEXT_TYPES: readonly number[] = [pg.types.builtins.TEXT, pg.types.builtins.VARCHAR]

const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: string) => {
    if (JSON_TYPES.includes(id)) return decodeJson
    if (NUMBER_TYPES.includes(id)) return Number
    if (TEXT_TYPES.includes(id)) return decodeText
    return pg.types.getTypeParser(id, format as 'text')
  },
} as pg.CustomTypesConfig

interface PoolOptions {
  readonly readOnly: boolean
  /** Statements may read whole tables and take as long as they need. */
  readonly isMaintenance?: boolean
}

export function openPool(settings: PostgresSettings, options: PoolOptions): Pool {
  const config = configOf(settings, options)
  const pool = new pg.Pool({ ...config, max: settings.connections, idleTimeoutMillis: 60_000 })
  // An idle connection that breaks is replaced by the next use.
  pool.on('error', () => {})
  // The query that is under way is rejected, too. Without a listener the process would end.
  pool.on('connect', (client) => client.on('error', () => {}))
  return {
    use: async (work) => {
      const client = await pool.connect()
      let isBroken = true
      try {
        const result = await work(connectionOf(client))
        isBroken = false
        return result
      } catch (error) {
        isBroken = !isAnswer(error)
        throw error
      } finally {
        client.release(isBroken)
      }
    },
    hold: async () => {
      const client = new pg.Client(config)
      client.on('error', () => {})
      await client.connect()
      return heldConnection(client)
    },
    close: () => pool.end(),
  }
}

/**
 * Every statement looks up rows by keys. Without statistics, as in a new schema, the server would read whole tables
 * instead, and it would plan each call again.
 */
const PLANNING = {
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_seqscan: 'off',
  random_page_cost: '1.1',
}

function configOf(
  settings: PostgresSettings,
  { readOnly, isMaintenance = false }: PoolOptions,
): pg.ClientConfig {
  const options: Record<string, string | number> = {
    search_path: `${settings.schema},pg_temp`,
    lock_timeout: LOCK_TIMEOUT_MS,
    ...(isMaintenance ? { statement_timeout: 0 } : PLANNING),
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 10,
    tcp_keepalives_count: 3,
    ...(readOnly && { default_transaction_read_only: 'on' }),
  }
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    password: settings.password,
    ssl: settings.tls === null ? false : settings.tls,
    types,
    application_name: 'signalbox',
    options: Object.entries(options)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(!isMaintenance && { query_timeout: QUERY_TIMEOUT_MS, statement_timeout: STATEMENT_TIMEOUT_MS }),
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
  }
}

/** The server has answered with an error, so the connection can be used again, unless the server ends it. */
function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR'
}

const names = new Map<string, string>()

/** Statements are prepared once per connection, under a name per text. */
function nameOf(sql: string): string {
  const known = names.get(sql)
  if (known !== undefined) return known
  const name = `s${names.size}`
  names.set(sql, name)
  return name
}

function connectionOf(client: pg.ClientBase): Connection {
  return {
    async query<R>(sql: string, parameters: readonly Parameter[] = []) {
      // Scripts of several statements take no parameters and cannot be prepared.
      if (parameters.length === 0) return (await client.query(sql)).rows as R[]
      const values = parameters.map(encoded)
      return (await client.query({ name: nameOf(sql), text: sql, values })).rows as R[]
    },
  }
}

function encoded(parameter: Parameter): string | number | null | string[] {
  if (parameter instanceof Json) return encodeJson(parameter.value)
  if (parameter instanceof JsonList) return `[${parameter.elements.join(',')}]`
  if (typeof parameter === 'string') return encodeText(parameter)
  return Array.isArray(parameter) ? parameter.map(encodeText) : (parameter as number | null)
}

function heldConnection(client: pg.Client): HeldConnection {
  let isClosing = false
  return {
    ...connectionOf(client),
    onEnd: (callback) => {
      client.once('end', () => {
        if (!isClosing) callback()
      })
    },
    onNotification: (callback) => void client.on('notification', callback),
    close: async () => {
      isClosing = true
      await client.end()
    },
  }
}
