/**
 * What the bodies' texts tell and compile to, kept from start to start: only a body that changed is studied again. Studied
 * is in an interpreter that no author's code has touched, which is why one project's studies may serve any other.
 */
import { hash } from 'node:crypto'
import { readAnalyses } from '../protocol/driver-response.ts'
import type { ModuleAnalysis, NamedBody } from '../protocol/messages.ts'

interface KeptStudy extends ModuleAnalysis {
  /** Path -> digest of each helper that had a part in the facts. */
  readonly helpers: Readonly<Record<string, string>>
}

/** Kept beyond those of the project at hand. */
const MAX_OTHER_ANALYSES = 4_000

export class AnalysisCache {
  readonly #kept: Readonly<Record<string, KeptStudy>>

  constructor(kept: Uint8Array | null) {
    this.#kept = kept ? (JSON.parse(Buffer.from(kept).toString()) as Record<string, KeptStudy>) : {}
  }

  /** In the order of the bodies. @param ask the driver's `study`. */
  of(
    bodies: readonly NamedBody[],
    leftOut: ReadonlySet<number>,
    ask: (text: string) => string,
  ): { studies: readonly ModuleAnalysis[]; kept: (() => Uint8Array) | null } {
    const helpers = bodies.filter(({ kind }) => kind === 'helper')
    const digests = new Map(helpers.map(({ path, source }) => [path, hash('sha256', source!, 'base64')]))
    // Which names lead to a helper decides what is followed.
    const names = hash('sha256', JSON.stringify(helpers.map(({ id, path }) => [id, path])), 'base64')
    const keys = bodies.map(({ kind, id, path, source }) =>
      hash('sha256', JSON.stringify([kind, id, path, source, names]), 'base64'),
    )
    const known = keys.map((key) => this.#current(key, digests))
    const open = bodies.flatMap((body, number) =>
      known[number] || body.source === null || leftOut.has(number) ? [] : [{ ...body, number }],
    )
    if (open.length === 0) return { studies: known.map((study) => study ?? NONE), kept: null }

    const byName = Object.fromEntries(helpers.map(({ id, path, source }) => [id, [path, source]]))
    const request = open.map(({ number, kind, id, path, source }) => ({ number, kind, id, path, source }))
    const answers = readAnalyses(ask(JSON.stringify({ helpers: byName, bodies: request })), open.length)
    const fresh = new Map(open.map(({ number }, at) => [number, answers[at]!]))
    const studies = bodies.map((_, number) => known[number] ?? fresh.get(number) ?? NONE)
    const current = Object.fromEntries(
      keys.flatMap((key, number) => {
        const study = studies[number]!
        // What time or memory was too short for may be told the next time.
        return study.facts && study.code ? [[key, withHelpers(study, digests)]] : []
      }),
    )
    return { studies, kept: () => this.#with(current) }
  }

  #current(key: string, digests: ReadonlyMap<string, string>): KeptStudy | null {
    const study = this.#kept[key]
    if (!study) return null
    const isCurrent = Object.entries(study.helpers).every(([path, digest]) => digests.get(path) === digest)
    return isCurrent ? study : null
  }

  #with(current: Readonly<Record<string, KeptStudy>>): Uint8Array {
    const others = Object.entries(this.#kept).filter(([key]) => !Object.hasOwn(current, key))
    return Buffer.from(
      JSON.stringify({ ...current, ...Object.fromEntries(others.slice(0, MAX_OTHER_ANALYSES)) }),
    )
  }
}

const NONE: ModuleAnalysis = { facts: null, code: null }

function withHelpers({ facts, code }: ModuleAnalysis, digests: ReadonlyMap<string, string>): KeptStudy {
  const followed = facts?.followed ?? []
  const helpers = Object.fromEntries(followed.map((path) => [path, digests.get(path)!]))
  return { facts, code, helpers }
}
