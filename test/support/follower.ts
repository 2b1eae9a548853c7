/** A tail under test that keeps its cursor as the daemon does, and can be killed between two commits. */
import { expect } from 'vitest'
import { manualClock } from './clock.ts'
import { openSource, recordingLog, Sink, sourceContext } from './source.ts'
import { until } from './until.ts'

const KILLED = new Error('killed')

/**
 * A tail that keeps its cursor as the daemon does: first the position at which it began, then the position after the
 * last event up to which all are settled.
 */
export class Follower {
  readonly seen: string[] = []
  readonly log = recordingLog()
  /** The log entries of level warn, with their fields. */
  readonly warnings: {
    readonly message: string
    readonly file?: string
    readonly from?: number
    readonly bytes?: number
  }[] = []
  readonly path: string
  readonly query: string
  cursor: string | null = null
  #commitsLeft = Number.POSITIVE_INFINITY
  #clock = manualClock()
  #abort = new AbortController()
  #ended: Promise<void> = Promise.resolve()

  constructor(path: string, query = '') {
    this.path = path
    this.query = query
  }

  /**
   * Resolves once it has begun. After so many commits the tail counts as killed, so what it emits then has no effect.
   */
  async start(commits = Number.POSITIVE_INFINITY): Promise<void> {
    const source = await openSource(`file:${this.path}?follow=true${this.query}`)
    expect(source.ends).toBe(false)
    this.#commitsLeft = commits
    this.#abort = new AbortController()
    await new Promise<void>((resolve, reject) => {
      const context = sourceContext(new Sink(), {
        cursor: this.cursor,
        signal: this.#abort.signal,
        clock: this.#clock,
        log: {
          ...this.log,
          warn: (fields, message) => {
            this.warnings.push({ ...fields, message })
            this.log.warn(fields, message)
          },
        },
        commitCursor: async (cursor) => {
          if (this.#commitsLeft < 0) throw KILLED
          this.cursor = cursor
          resolve()
        },
        emit: async (batch, { cursor = null } = {}) => {
          if (--this.#commitsLeft < 0) throw KILLED
          this.seen.push(...batch.map(({ raw }) => raw))
          this.cursor = cursor
          return batch.map(() => ({ status: 'accepted', matches: 0 }))
        },
      })
      this.#ended = source.run(context)
      this.#ended.catch((error: unknown) => {
        if (error !== KILLED) reject(error)
      })
    })
  }

  get isMortal(): boolean {
    return Number.isFinite(this.#commitsLeft)
  }

  /** Resolves when so many more commits have been made. */
  dies(commits: number): void {
    this.#commitsLeft = commits
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#ended.catch((error: unknown) => expect(error).toBe(KILLED))
  }

  async isKilled(): Promise<void> {
    await expect(this.#ended).rejects.toBe(KILLED)
  }

  async sees(lines: readonly string[]): Promise<void> {
    await this.passes(() => this.seen.length >= lines.length).catch(() => {})
    expect(this.seen).toEqual(lines)
  }

  advance(ms: number): void {
    this.#clock.advance(ms)
  }

  /** Waits for a condition, and moves the clock past polls meanwhile. */
  async passes(condition: () => boolean): Promise<void> {
    await until(() => {
      this.#clock.advance(1000)
      return condition()
    })
  }
}
