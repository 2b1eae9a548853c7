/**
 * WORKER THREAD. Caches the facts and the compiled code of bodies, so that only a changed body is analyzed again. The
 * analysis runs in an interpreter that no project code has touched, so one project may use the analyses of another.
 */
import { hash } from 'node:crypto'
import { readAnalyses } from '../protocol/driver-response.ts'
import type { ModuleAnalysis, NamedBody } from '../protocol/messages.ts'

interface CachedAnalysis extends ModuleAnalysis {
  /** The digest of each helper on which the facts depend, by path. */
  readonly helpers: Readonly<Record<string, string>>
}

/** The number of analyses of other projects that are kept. */
const MAX_OTHER_ANALYSES = 4_000

export class AnalysisCache {
  readonly #cached: Readonly<Record<string, CachedAnalysis>>

  constructor(cached: Uint8Array | null) {
    this.#cached = cached
      ? (JSON.parse(Buffer.from(cached).toString()) as Record<string, CachedAnalysis>)
      : {}
  }

  /** Returns the analyses in the order of the bodies. @param analyze calls the driver's `analyze`. */
  analyze(
    bodies: readonly NamedBody[],
    excluded: ReadonlySet<number>,
    analyze: (text: string) => string,
  ): { analyses: readonly ModuleAnalysis[]; serialize: (() => Uint8Array) | null } {
    const helpers = bodies.filter(({ kind }) => kind === 'helper')
    const digests = new Map(helpers.map(({ path, source }) => [path, hash('sha256', source!, 'base64')]))
    // The facts depend on which import names lead to helpers.
    const names = hash('sha256', JSON.stringify(helpers.map(({ id, path }) => [id, path])), 'base64')
    const keys = bodies.map(({ kind, id, path, source }) =>
      hash('sha256', JSON.stringify([kind, id, path, source, names]), 'base64'),
    )
    const known = keys.map((key) => this.#current(key, digests))
    const uncached = bodies.flatMap((body, number) =>
      known[number] || body.source === null || excluded.has(number) ? [] : [{ ...body, number }],
    )
    if (uncached.length === 0) return { analyses: known.map((analysis) => analysis ?? NONE), serialize: null }

    const byName = Object.fromEntries(helpers.map(({ id, path, source }) => [id, [path, source]]))
    const request = uncached.map(({ number, kind, id, path, source }) => ({ number, kind, id, path, source }))
    const results = readAnalyses(
      analyze(JSON.stringify({ helpers: byName, bodies: request })),
      uncached.length,
    )
    const added = new Map(uncached.map(({ number }, at) => [number, results[at]!]))
    const analyses = bodies.map((_, number) => known[number] ?? added.get(number) ?? NONE)
    const current = Object.fromEntries(
      keys.flatMap((key, number) => {
        const analysis = analyses[number]!
        // An analysis that ran out of time or memory is not kept, since it may succeed the next time.
        return analysis.facts && analysis.code ? [[key, withHelpers(analysis, digests)]] : []
      }),
    )
    return { analyses, serialize: () => this.#serialize(current) }
  }

  #current(key: string, digests: ReadonlyMap<string, string>): CachedAnalysis | null {
    const analysis = this.#cached[key]
    if (!analysis) return null
    const isCurrent = Object.entries(analysis.helpers).every(([path, digest]) => digests.get(path) === digest)
    return isCurrent ? analysis : null
  }

  #serialize(current: Readonly<Record<string, CachedAnalysis>>): Uint8Array {
    const others = Object.entries(this.#cached).filter(([key]) => !Object.hasOwn(current, key))
    return Buffer.from(
      JSON.stringify({ ...current, ...Object.fromEntries(others.slice(0, MAX_OTHER_ANALYSES)) }),
    )
  }
}

const NONE: ModuleAnalysis = { facts: null, code: null }

function withHelpers({ facts, code }: ModuleAnalysis, digests: ReadonlyMap<string, string>): CachedAnalysis {
  const followed = facts?.followed ?? []
  const helpers = Object.fromEntries(followed.map((path) => [path, digests.get(path)!]))
  return { facts, code, helpers }
}
