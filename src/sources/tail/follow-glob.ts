/** Follows every log that a pattern names, each with its own cursor. The cursor of the source holds those of all logs. */
import { relative } from 'node:path'
import type { Source, SourceContext, SourceSpec } from '../_source.ts'
import { type SharedWindow, Window } from '../stream/emit-window.ts'
import { filesOf, hasFiles, ownLogs, type Pattern } from './glob-files.ts'
import { createFollower, type FollowOptions } from './tail.ts'

const LISTING_INTERVAL_MS = 1000
/** Every log is listed each second, and its cursor is part of each commit. */
const MAX_LOGS = 200

type Followers = Map<string, ReturnType<typeof createFollower>>

interface RunningLog {
  readonly stop: () => void
  readonly ended: Promise<void>
}

export function createGlobFollower(
  pattern: Pattern,
  spec: SourceSpec,
  options: FollowOptions,
): Source['run'] {
  /** The followers keep what they could not commit for the next run. */
  const followers: Followers = new Map()
  return (context) => new GlobTail(pattern, spec, options, followers, context).run()
}

class GlobTail {
  readonly #pattern: Pattern
  readonly #spec: SourceSpec
  readonly #options: FollowOptions
  readonly #followers: Followers
  readonly #context: SourceContext
  readonly #window: Window
  readonly #failed = new AbortController()
  readonly #signal: AbortSignal
  readonly #cursors: Map<string, string>
  readonly #running = new Map<string, RunningLog>()
  /** The logs without a file, with their position and the time since when it is the same. */
  readonly #missing = new Map<string, { readonly cursor: string | undefined; readonly since: number }>()
  /** The logs beyond the limit that were reported. */
  readonly #reported = new Set<string>()

  constructor(
    pattern: Pattern,
    spec: SourceSpec,
    options: FollowOptions,
    followers: Followers,
    context: SourceContext,
  ) {
    this.#pattern = pattern
    this.#spec = spec
    this.#options = options
    this.#followers = followers
    this.#context = context
    this.#window = new Window(context)
    this.#signal = AbortSignal.any([context.signal, this.#failed.signal])
    this.#cursors = decodeCursors(context.cursor)
  }

  async run(): Promise<void> {
    const { clock } = this.#context
    try {
      await this.#context.commitCursor(this.#cursor())
      for (const log of this.#cursors.keys()) this.#start(log)
      while (!this.#signal.aborted) {
        await this.#list()
        await clock.sleep(LISTING_INTERVAL_MS, this.#signal)
      }
    } finally {
      this.#failed.abort()
      await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended))
    }
    // The first failure is that of the source, which then runs again.
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  async #list(): Promise<void> {
    const paths = (await filesOf(this.#pattern)).filter((path) => !path.endsWith('.gz'))
    const logs = new Set(ownLogs(paths, this.#running.keys()))
    for (const log of this.#running.keys()) {
      // Without its log, a sibling was taken for a log.
      const isSibling = paths.includes(log) && !logs.has(log)
      if (isSibling || (await this.#isGone(log))) await this.#forget(log)
    }
    for (const log of logs) {
      if (this.#running.has(log)) continue
      if (this.#running.size < MAX_LOGS) this.#start(log)
      else this.#report(log)
    }
  }

  /** A removed file is read on while it is open, so its log is gone only after it was quiet. */
  async #isGone(log: string): Promise<boolean> {
    if (await hasFiles(log, this.#options.olddir)) {
      this.#missing.delete(log)
      return false
    }
    const now = this.#context.clock.now()
    const cursor = this.#cursors.get(log)
    const missing = this.#missing.get(log)
    if (missing?.cursor === cursor && missing !== undefined)
      return Math.abs(now - missing.since) >= this.#options.quietMs
    this.#missing.set(log, { cursor, since: now })
    return false
  }

  #start(log: string): void {
    const stop = new AbortController()
    const follow =
      this.#followers.get(log) ?? createFollower(log, { ...this.#spec, target: log }, this.#options)
    this.#followers.set(log, follow)
    const shared: SharedWindow = {
      window: this.#window,
      place: relative(this.#pattern.folder, log),
      cursorWith: (cursor) => this.#keep(log, cursor),
    }
    const context: SourceContext = {
      ...this.#context,
      cursor: this.#cursors.get(log) ?? null,
      commitCursor: (cursor) => this.#context.commitCursor(cursor === null ? null : this.#keep(log, cursor)),
      signal: AbortSignal.any([this.#signal, stop.signal]),
    }
    const ended = follow(context, shared)
    ended.catch(() => this.#failed.abort())
    this.#running.set(log, { stop: () => stop.abort(), ended })
  }

  async #forget(log: string): Promise<void> {
    const running = this.#running.get(log)!
    running.stop()
    await running.ended
    this.#running.delete(log)
    this.#followers.delete(log)
    this.#cursors.delete(log)
    this.#missing.delete(log)
    await this.#context.commitCursor(this.#cursor())
  }

  #report(log: string): void {
    if (this.#reported.has(log)) return
    this.#reported.add(log)
    const fields = { source: this.#spec.name, file: log, limit: MAX_LOGS }
    this.#context.log.error(fields, 'the file is not followed: the pattern names too many files')
  }

  /** Commits are made in the order of these calls, so each cursor holds what was emitted before. */
  #keep(log: string, cursor: string): string {
    this.#cursors.set(log, cursor)
    return this.#cursor()
  }

  #cursor(): string {
    return JSON.stringify({ version: 3, logs: Object.fromEntries(this.#cursors) })
  }
}

function decodeCursors(text: string | null): Map<string, string> {
  if (text === null) return new Map()
  try {
    const { version, logs } = JSON.parse(text) as { version: number; logs: Record<string, string> }
    return version === 3 ? new Map(Object.entries(logs)) : new Map()
  } catch {
    return new Map()
  }
}
