/**
 * The lock that allows one daemon per schema: an advisory lock of a session, which the server ends with its connection.
 * A row names the holder, and every write of a daemon compares the token in it. So a daemon that lost its connection, and
 * with it the lock, to another daemon writes nothing any more.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import type { Database } from './database.ts'
import type { Connection, HeldConnection } from './pool.ts'
import { postgresFailure } from './postgres-failure.ts'

const RECONNECT_DELAY_MS = 500

/** The name from which the number of the advisory lock is made. */
export const PLACE_KEY = (schema: string) => `signalbox-store:${schema}`

/** The channel on which a command says that it has changed deliveries. */
export const WORK_CHANNEL = (schema: string) => `signalbox_work_${schema}`

export class Hold {
  readonly #database: Database
  readonly #onWork: () => void
  #connection: HeldConnection | null = null
  /** The token of this daemon; null before it has taken the place. */
  token: string | null = null

  constructor(database: Database, onWork: () => void) {
    this.#database = database
    this.#onWork = onWork
  }

  async acquire(name: string, now: number | null): Promise<void> {
    if (this.token !== null) return
    const connection = await this.#connect()
    try {
      if (!(await this.#lock(connection)))
        throw await heldStore(connection, this.#database.settings.location, 'is')
      const token = randomUUID()
      const row = [token, name, process.pid, hostname(), now] as const
      await connection.query('SELECT take_place($1, $2, $3, $4, $5)', row)
      this.token = token
      await this.#keep(connection)
    } catch (error) {
      await connection.close().catch(() => {})
      throw postgresFailure(error, this.#database.settings)
    }
  }

  async release(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    if (connection === null) return
    await connection.query('DELETE FROM holder WHERE token = $1', [this.token]).catch(() => {})
    await connection.close().catch(() => {})
  }

  async #connect(): Promise<HeldConnection> {
    try {
      return await this.#database.hold()
    } catch (error) {
      throw postgresFailure(error, this.#database.settings)
    }
  }

  async #lock(connection: Connection): Promise<boolean> {
    const [row] = await connection.query<{ free: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free',
      [PLACE_KEY(this.#database.settings.schema)],
    )
    return row!.free
  }

  async #keep(connection: HeldConnection): Promise<void> {
    connection.onEnd(() => void this.#recover())
    connection.onNotification(this.#onWork)
    await connection.query(`LISTEN ${WORK_CHANNEL(this.#database.settings.schema)}`)
    this.#connection = connection
  }

  /** Takes the lock again after the connection broke. The token protects the store meanwhile. */
  async #recover(): Promise<void> {
    this.#connection = null
    while (!this.#database.isClosing) {
      if (await this.#tryAgain()) return
      await sleep(RECONNECT_DELAY_MS)
    }
  }

  /** Returns true if there is nothing more to try. */
  async #tryAgain(): Promise<boolean> {
    let connection: HeldConnection
    try {
      connection = await this.#database.hold()
    } catch {
      return false
    }
    try {
      const [holder] = await connection.query<{ token: string }>('SELECT token FROM holder')
      if (holder?.token !== this.token) {
        this.#database.lose('another daemon has taken it')
        await connection.close()
        return true
      }
      // The server may not have noticed yet that the earlier connection is dead.
      if (await this.#lock(connection)) {
        await this.#keep(connection)
        if (this.#database.isClosing) await this.release()
        return true
      }
    } catch {}
    await connection.close().catch(() => {})
    return false
  }
}

/** @param state for example `is`, before `held by …`. */
export async function heldStore(connection: Connection, location: string, state: string): Promise<UserError> {
  const [holder] = await connection
    .query<{ name: string; pid: number; host: string; since: number }>(
      'SELECT name, pid, host, since FROM holder',
    )
    .catch(() => [])
  const described = holder
    ? `${holder.name}, process ${holder.pid} on ${holder.host} since ${new Date(holder.since).toISOString()}`
    : 'another process'
  return new UserError(`the store ${location} ${state} held by ${described}`, {
    code: 'store-held',
    hint: 'stop that daemon, or name another schema in --store with ?schema=NAME',
  })
}
