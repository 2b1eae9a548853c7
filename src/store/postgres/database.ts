/** Runs work on a connection, again after a failure of the connection: a daemon waits for its database, a command fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Bug, messageOf, type UserError } from '../../errors.ts'
import type { Connection, HeldConnection, Parameter, Pool } from './pool.ts'
import { isAway, isConflict, isRefused, isSlow, postgresFailure } from './postgres-failure.ts'
import type { PostgresSettings } from './store-url.ts'

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 2_000
const MAX_TRIES_OF_COMMAND = 3
const MAX_TRIES_AFTER_CONFLICT = 10
/** One slow statement says nothing about the database. One that is slow again and again means that it is of no use. */
const SLOW_TRIES_OF_ABSENCE = 3

interface DatabaseOptions {
  readonly readOnly: boolean
  /** It is called with a reason when the database cannot be reached, and with null when it can be again. */
  readonly onAvailability: (reason: string | null) => void
  readonly onLost: (reason: string) => void
  /** After it aborts, work fails as that of a command does. */
  readonly ending: AbortSignal
}

export class Database {
  readonly settings: PostgresSettings
  readonly #pool: Pool
  readonly #options: DatabaseOptions
  readonly #closing = new AbortController()
  #waits = false
  #away: UserError | null = null
  /** Work that waits for the database. While one of them fails, the success of others does not mean that it is back. */
  readonly #failing = new Set<object>()
  #lost: UserError | null = null

  constructor(pool: Pool, settings: PostgresSettings, options: DatabaseOptions) {
    this.#pool = pool
    this.settings = settings
    this.#options = options
  }

  /** From here on no work fails because the database is away: it waits until `close`. */
  waitWhileAway(): void {
    this.#waits = true
  }

  async query<R>(sql: string, parameters: readonly Parameter[] = []) {
    return this.run((connection) => connection.query<R>(sql, parameters))
  }

  /**
   * Tries once, for upkeep that is done again later anyway. Its failure does not mean that the database is away: a dump
   * reads every table for as long as it runs, and no table can be dropped meanwhile.
   */
  async attempt<R>(sql: string, parameters: readonly Parameter[]): Promise<R[]> {
    this.#assertOpen()
    return this.#pool.use((connection) => connection.query<R>(sql, parameters))
  }

  /**
   * If the connection breaks, it is unknown whether the work was done, and it is done again: `repeats` is true then.
   * After a deadlock it is done again, too, unless the caller treats conflicts.
   */
  async run<T>(
    work: (connection: Connection, repeats: boolean) => Promise<T>,
    { retryConflicts = true }: { readonly retryConflicts?: boolean } = {},
  ): Promise<T> {
    try {
      return await this.#repeat(work, retryConflicts)
    } finally {
      this.#failing.delete(work)
    }
  }

  async #repeat<T>(
    work: (connection: Connection, repeats: boolean) => Promise<T>,
    retryConflicts: boolean,
  ): Promise<T> {
    let repeats = false
    let slowTries = 0
    for (let tries = 1; ; tries++) {
      this.#assertOpen()
      try {
        const result = await this.#pool.use((connection) => work(connection, repeats))
        this.#failing.delete(work)
        if (this.#failing.size === 0) this.#setAway(null)
        return result
      } catch (error) {
        if (isConflict(error)) {
          // A conflict is an answer, too.
          this.#failing.delete(work)
          if (!retryConflicts) throw error
          if (tries >= MAX_TRIES_AFTER_CONFLICT) throw postgresFailure(error, this.settings)
          continue
        }
        const failure = postgresFailure(error, this.settings)
        slowTries = isSlow(error) ? slowTries + 1 : 0
        const canReturn = slowTries > 0 || isAway(error) || (this.#isWaiting && isRefused(error))
        if (!canReturn) throw failure
        repeats = true
        if (slowTries === 0 || slowTries >= SLOW_TRIES_OF_ABSENCE) {
          this.#failing.add(work)
          this.#setAway(failure as UserError)
        }
        if (!this.#isWaiting && tries >= MAX_TRIES_OF_COMMAND) throw failure
        await this.#delay(tries)
      }
    }
  }

  hold(): Promise<HeldConnection> {
    return this.#pool.hold()
  }

  /** Rejects every later work. */
  lose(error: UserError): void {
    if (this.#lost !== null) return
    this.#lost = error
    this.#options.onLost(error.message)
  }

  check(): void {
    if (this.#lost !== null) throw this.#lost
    if (this.#away !== null) throw this.#away
  }

  get isAvailable(): boolean {
    return this.#away === null
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#pool.close()
  }

  get #isWaiting(): boolean {
    return this.#waits && !this.#options.ending.aborted
  }

  #assertOpen(): void {
    if (this.#lost !== null) throw this.#lost
    if (!this.isClosing) return
    throw this.#away ?? new Bug('the store is closed')
  }

  #setAway(failure: UserError | null): void {
    const before = this.#away
    this.#away = failure
    if ((before === null) !== (failure === null))
      this.#options.onAvailability(failure === null ? null : messageOf(failure))
  }

  async #delay(tries: number): Promise<void> {
    const ms = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1))
    const signal = AbortSignal.any([this.#closing.signal, this.#options.ending])
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}
