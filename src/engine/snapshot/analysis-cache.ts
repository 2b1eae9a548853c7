/**
 * What the bodies' texts tell and compile to, kept from start to start: only a body that changed is studied again. Studied
 * is in an interpreter that no author's code has touched, which is why one project's studies may serve any other.
 */
import { hash } from 'node:crypto'
import { readAnalyses } from '../protocol/driver-response.ts'
import type { ModuleAnalysis, NamedBody } from '../protocol/messages.ts'

interface CachedAnalysis extends ModuleAnalysis {
  /** Path -> digest of each helper that had a part in the facts. */
  readonly helpers: Readonly<Record<string, string>>
}

/** Kept beyond those of the project at hand. */
const MAX_OTHER_ANALYSES = 4_000

export class AnalysisCache {
  readonly #cached: Readonly<Record<string, CachedAnalysis>>

  constructor(cached: Uint8Array | null) {
    this.#cached = cached
      ? (JSON.parse(Buffer.from(cached).toString()) as Record<string, CachedAnalysis>)
      : {}
  }

  /** In the order of the bodies. @param ask the driver's `study`. */
  analyze(
    bodies: readonly NamedBody[],
    excluded: ReadonlySet<number>,
    analyze: (text: string) => string,
  ): { analyses: readonly ModuleAnalysis[]; serialize: (() => Uint8Array) | null } {
    const helpers = bodies.filter(({ kind }) => kind === 'helper')
    const digests = new Map(helpers.map(({ path, source }) => [path, hash('sha256', source!, 'base64')]))
    // Which names lead to a helper decides what is followed.
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
        // What time or memory was too short for may be told the next time.
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
