/**
 * WORKER THREAD. Caches the facts and the compiled code of bodies, so that only a changed body is analyzed again. The
 * analysis runs in an interpreter that no project code has touched, so one project may use the analyses of another.
 */
import { hash } from 'node:crypto'
import { readAnalyses } from '../protocol/driver-response.ts'
import type { NamedBody } from '../protocol/messages.ts'
import type { ModuleAnalysis } from '../protocol/module-analysis.ts'
import { PackedRecords, packRecords } from './packed-records.ts'

interface CachedAnalysis extends ModuleAnalysis {
  /** The digest of each helper on which the facts depend, by path. */
  readonly helpers: Readonly<Record<string, string>>
}

/** The number of analyses of other projects that are kept. */
const MAX_OTHER_ANALYSES = 4_000

/** Which analyses of other bodies are kept: all, or at most `MAX_OTHER_ANALYSES`. */
type KeptAnalyses = 'all' | 'some'

interface AnalysisSteps {
  /** Calls the driver's `analyze`. */
  readonly analyze: (request: string) => string
  /** Returns `BodyGuards.summary`. */
  readonly summarize: (text: string) => string
}

interface AnalysisResult {
  /** The analyses have the order of the bodies. */
  readonly analyses: readonly ModuleAnalysis[]
  /** The number of bodies that were not in the cache. */
  readonly added: number
  readonly serialize: (kept: KeptAnalyses) => Uint8Array
}

export class AnalysisCache {
  readonly #cached: PackedRecords

  constructor(cached: Uint8Array | null) {
    this.#cached = new PackedRecords(cached)
  }

  /** Returns the analyses in the order of the bodies. */
  analyze(
    bodies: readonly NamedBody[],
    excluded: ReadonlySet<number>,
    { analyze, summarize }: AnalysisSteps,
  ): AnalysisResult {
    const helpers = bodies.filter(({ kind }) => kind === 'helper')
    const digests = new Map(helpers.map(({ path, source }) => [path, hash('sha256', source!, 'base64')]))
    // The facts depend on which import names lead to helpers.
    const names = digest(helpers.map(({ id, path }) => [id, path]))
    const models = modelsOf(bodies)
    const modelDigests = new Map([...models].map(([type, model]) => [type, digest(model)]))
    const keys = bodies.map((body) => {
      const { kind, id, path, source } = body
      const guarded =
        body.kind === 'detection'
          ? [body.type, body.logTypes.map((type) => [type, modelDigests.get(type)])]
          : null
      return digest([kind, id, path, source, names, guarded])
    })
    const known = keys.map((key) => this.#current(key, digests))
    const uncached = bodies.flatMap((body, number) =>
      known[number] || body.source === null || excluded.has(number) ? [] : [{ ...body, number }],
    )
    if (uncached.length === 0) {
      const analyses = known.map((analysis) => analysis ?? NONE)
      return { analyses, added: 0, serialize: (others) => this.#serialize({}, others) }
    }

    const byName = Object.fromEntries(helpers.map(({ id, path, source }) => [id, [path, source]]))
    const request = uncached.map((body) => {
      const { number, kind, id, path, source } = body
      const selection = body.kind === 'detection' ? { type: body.type, logTypes: body.logTypes } : {}
      return { number, kind, id, path, source, ...selection }
    })
    const results = readAnalyses(
      analyze(JSON.stringify({ helpers: byName, models: Object.fromEntries(models), bodies: request })),
      uncached.length,
    ).map(
      ({ guard, ...analysis }): ModuleAnalysis => ({
        ...analysis,
        guard: guard === null ? null : { text: guard, summary: summarize(guard) },
      }),
    )
    const added = new Map(uncached.map(({ number }, at) => [number, results[at]!]))
    const analyses = bodies.map((_, number) => known[number] ?? added.get(number) ?? NONE)
    const current = Object.fromEntries(
      keys.flatMap((key, number) => {
        const analysis = analyses[number]!
        // An analysis that ran out of time or memory is not kept, since it may succeed the next time.
        return analysis.facts && analysis.code && analysis.guard
          ? [[key, withHelpers(analysis, digests)]]
          : []
      }),
    )
    return { analyses, added: uncached.length, serialize: (others) => this.#serialize(current, others) }
  }

  #current(key: string, digests: ReadonlyMap<string, string>): CachedAnalysis | null {
    const text = this.#cached.get(key)
    if (text === null) return null
    const analysis = JSON.parse(text) as CachedAnalysis
    const isCurrent = Object.entries(analysis.helpers).every(([path, digest]) => digests.get(path) === digest)
    return isCurrent ? analysis : null
  }

  #serialize(current: Readonly<Record<string, CachedAnalysis>>, kept: KeptAnalyses): Uint8Array {
    const others = this.#cached.keys().filter((key) => !Object.hasOwn(current, key))
    const texts = Object.entries(current).map(([key, analysis]) => [key, JSON.stringify(analysis)] as const)
    const count = kept === 'all' ? others.length : MAX_OTHER_ANALYSES
    const otherTexts = others.slice(0, count).map((key) => [key, this.#cached.get(key)!] as const)
    return packRecords([...texts, ...otherTexts])
  }
}

const NONE: ModuleAnalysis = { facts: null, code: null, guard: null }

function withHelpers(analysis: ModuleAnalysis, digests: ReadonlyMap<string, string>): CachedAnalysis {
  const { facts, code, guard } = analysis
  const guardFollowed = guard === null ? [] : (JSON.parse(guard.text) as { followed: string[] }).followed
  const followed = [...(facts?.followed ?? []), ...guardFollowed]
  // The data models are part of the key.
  const helpers = followed.flatMap((path) => (digests.has(path) ? [[path, digests.get(path)!]] : []))
  return { facts, code, guard, helpers: Object.fromEntries(helpers) }
}

type Model = readonly [path: string, source: string | null, mappings: unknown]

/** The data model of each log type. The first one in the order of the bodies wins. */
function modelsOf(bodies: readonly NamedBody[]): ReadonlyMap<string, Model> {
  const models = new Map<string, Model>()
  for (const body of bodies) {
    if (body.kind !== 'data-model') continue
    for (const type of body.logTypes) {
      if (!models.has(type)) models.set(type, [body.path, body.source, body.mappings])
    }
  }
  return models
}

function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64')
}
