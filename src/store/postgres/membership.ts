/**
 * The membership of a daemon: a row that says what it knows, which a heartbeat extends, and the connection on which the
 * daemon hears of work. Nothing that the daemon writes is compared with the row: see decision 50.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import { MAX_ROWS_PER_RECONCILIATION } from '../rows/reconcile.ts'
import type { MemberRow, Store, StoreMember } from '../store.ts'
import type { Database } from './database.ts'
import { assertPresentSchema } from './migrate-schema.ts'
import { type HeldConnection, Json } from './pool.ts'
import { postgresFailure } from './postgres-failure.ts'
import { LOCK_NAME } from './schema-lock.ts'

/** A member that does not extend its row for so long is no member any more. */
const MEMBER_LEASE_MS = 10_000
const HEARTBEAT_INTERVAL_MS = MEMBER_LEASE_MS / 4
const RECONNECT_DELAY_MS = 500

/** The channel on which a command says that it has changed deliveries. */
export const WORK_CHANNEL = (schema: string) => `signalbox_work_${schema}`

interface MembershipPorts {
  /** The time that a test gives; null: that of the database. */
  readonly givenNow: () => number | null
  readonly now: () => number
  readonly onWork: () => void
}

type Registry = Parameters<Store['reconcile']>[0]
type Reconciliation = Awaited<ReturnType<Store['reconcile']>>

interface OwnRow extends Omit<MemberRow, 'until' | 'isSelf'> {
  readonly knownKeys: readonly string[]
  readonly subscriptions: NonNullable<Registry['subscriptions']>
}

export class Membership {
  readonly #database: Database
  readonly #ports: MembershipPorts
  #row: OwnRow | null = null
  #connection: HeldConnection | null = null
  #timer: NodeJS.Timeout | null = null
  #beating: Promise<void> | null = null
  #isLeaving = false

  constructor(database: Database, ports: MembershipPorts) {
    this.#database = database
    this.#ports = ports
  }

  /** The id of this member; null before it has joined. */
  get id(): string | null {
    return this.#row?.id ?? null
  }

  async join({ name, hostId, version = '', sources = [] }: StoreMember): Promise<void> {
    if (this.#row !== null) return
    const connection = await this.#connect()
    try {
      await this.#prepare(connection)
      this.#row = {
        id: randomUUID(),
        name,
        host: hostname(),
        hostId,
        pid: process.pid,
        version,
        sources,
        since: this.#ports.now(),
        generation: 0,
        knownKeys: [],
        subscriptions: [],
      }
      await this.#write(connection)
    } catch (error) {
      this.#row = null
      await connection.close().catch(() => {})
      throw postgresFailure(error, this.#database.settings)
    }
    this.#keep(connection)
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_INTERVAL_MS)
    this.#timer.unref()
  }

  async leave(): Promise<void> {
    this.#isLeaving = true
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#beating
    const connection = this.#connection
    this.#connection = null
    // If the database is away, the lease of the row runs out.
    if (connection === null) return
    await connection.query('DELETE FROM member WHERE id = $1', [this.id]).catch(() => {})
    await connection.close().catch(() => {})
  }

  async members(): Promise<MemberRow[]> {
    return this.#database.query<MemberRow>(
      `SELECT id, name, host, host_id AS "hostId", pid, version, to_json(sources) AS sources, since, until, generation,
         id IS NOT DISTINCT FROM $2 AS "isSelf"
       FROM member WHERE until > store_now($1) ORDER BY since, id`,
      [this.#ports.givenNow(), this.id],
    )
  }

  /** Writes what this member knows now, and reconciles with what all members know. */
  async reconcile({ knownKeys, renames, ...given }: Registry): Promise<Reconciliation> {
    const { subscriptions = [], generation = null, orphanAfterMs = 0 } = given
    const member = this.#row && { ...this.#row, knownKeys, subscriptions }
    const registry = { knownKeys, renames, subscriptions, generation, orphanAfterMs, member }
    const [row] = await this.#database.query<{ result: Reconciliation & { generation: number } }>(
      'SELECT reconcile_registry($1, $2, $3, $4) AS result',
      [new Json(registry), MAX_ROWS_PER_RECONCILIATION, MEMBER_LEASE_MS, this.#ports.givenNow()],
    )
    const { generation: number, ...reconciliation } = row!.result
    if (member !== null) this.#row = { ...member, generation: number }
    return reconciliation
  }

  async #connect(): Promise<HeldConnection> {
    try {
      return await this.#database.hold()
    } catch (error) {
      throw postgresFailure(error, this.#database.settings)
    }
  }

  /** Shares the lock of the schema, which another version may have migrated while this daemon did not have it. */
  async #prepare(connection: HeldConnection): Promise<void> {
    const { schema } = this.#database.settings
    await connection.query('SELECT pg_advisory_lock_shared(hashtextextended($1, 0))', [LOCK_NAME(schema)])
    await assertPresentSchema(connection, this.#database)
    await connection.query(`LISTEN ${WORK_CHANNEL(schema)}`)
  }

  #keep(connection: HeldConnection): void {
    this.#connection = connection
    connection.onNotification(this.#ports.onWork)
    connection.onEnd(() => {
      if (this.#connection === connection) void this.#reconnect()
    })
  }

  /** The heartbeat has a connection of its own, so that it does not wait for the commits of its daemon. */
  #beat(): void {
    const connection = this.#connection
    if (connection === null || this.#beating !== null) return
    this.#beating = this.#extend(connection)
      .catch(async () => {
        // A connection that does not answer is replaced.
        await connection.close().catch(() => {})
        if (this.#connection === connection) void this.#reconnect()
      })
      .finally(() => {
        this.#beating = null
      })
  }

  async #extend(connection: HeldConnection): Promise<void> {
    const extended = await connection.query(
      'UPDATE member SET until = store_now($3) + $2 WHERE id = $1 RETURNING 1',
      [this.id, MEMBER_LEASE_MS, this.#ports.givenNow()],
    )
    if (extended.length === 0 && !this.#isLeaving) await this.#write(connection)
  }

  /** Writes the whole row: it is new, or it was removed long after its lease had run out. */
  async #write(connection: HeldConnection): Promise<void> {
    await connection.query('SELECT write_member($1, $2, $3)', [
      new Json(this.#row),
      MEMBER_LEASE_MS,
      this.#ports.givenNow(),
    ])
  }

  /** Takes a new connection after the first one broke. What the daemon does meanwhile uses other connections. */
  async #reconnect(): Promise<void> {
    this.#connection = null
    while (!this.#database.isClosing && !this.#isLeaving) {
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
      await this.#prepare(connection)
      await this.#extend(connection)
      this.#keep(connection)
      if (this.#isLeaving) await this.leave()
      return true
    } catch (error) {
      await connection.close().catch(() => {})
      if (!(error instanceof UserError)) return false
      this.#database.lose(error)
      return true
    }
  }
}
