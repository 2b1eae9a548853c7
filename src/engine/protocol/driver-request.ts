/** BOTH THREADS. Builds the requests to the Python driver, in the form that batch.py reads. */
import type { FunctionError } from '../../model/alerts/finding.ts'
import type { PackageSet } from '../../model/project/packages.ts'
import type { Limits } from '../../model/project/settings.ts'
import type { Body, BodyCall, BrokenBody, Job, Skip, UnitTestCall } from './messages.ts'
import { budgetMs, LOADING } from './progress-marker.ts'

interface LoadParts {
  /** All bodies, by number. The request leaves out those that are evaluated without Python. */
  readonly bodies: readonly Body[]
  /** The bodies that are not loaded, each with the error that stands in for it. */
  readonly excluded: readonly BrokenBody[]
  readonly limits: Pick<Limits, 'timeMs' | 'outputBytes'>
  readonly packages: Pick<PackageSet, 'roots' | 'digest'>
  /** Whether the main thread keeps the items of the caching helpers. */
  readonly hostCache: boolean
}

/** Builds the request that loads a project. The name of the project's snapshot is a hash of it. */
export function loadRequest({ bodies: all, excluded, limits, packages, hostCache }: LoadParts): string {
  const { timeMs, outputBytes } = limits
  const bodies = all
    .filter(({ kind }) => kind !== 'simple')
    .map((body) =>
      body.kind === 'detection' ? { ...body, filter: undefined, signalFields: undefined } : body,
    )
  const errors = excluded.map(({ body, error }): [number, FunctionError] => [body, error])
  // A snapshot holds the imported packages, so their content is part of its name.
  const { roots, digest } = packages
  const packageRoots = { roots, digest }
  const times = { timeMs, loadMs: budgetMs({ body: 0, item: LOADING }, timeMs) }
  return JSON.stringify({
    bodies,
    excluded: errors,
    ...times,
    outputBytes,
    hostCache,
    packages: packageRoots,
  })
}

interface LoadDetails {
  /** The compiled code of each body in the request, null where it is unknown. */
  readonly codes: readonly (string | null)[]
  /** The bodies that `finish_load` loads; null: all are loaded in order, and dependence on the start is not detected. */
  readonly startDependent: readonly number[] | null
}

/** Adds to the request what is not part of the snapshot's name. */
export function withDetails(request: string, details: LoadDetails): string {
  return `${request.slice(0, -1)},${JSON.stringify(details).slice(1)}`
}

/** An event that at least one body evaluates. */
export interface EventEntry {
  /** The index of the event among the job's items. */
  readonly item: number
  readonly raw: string
  /** The `p_*` fields that the record lacks; Python adds them after it has parsed the record. */
  readonly fields: Readonly<Record<string, string>>
  /** The bodies that Python runs for it. */
  readonly candidates: readonly number[]
}

/**
 * Builds the request that evaluates events. Their JSON texts are inserted unchanged: each has passed a parser, so none can
 * reach beyond its element of the list.
 */
export function evaluationRequest(
  entries: readonly EventEntry[],
  { skips, markEachItem }: Pick<Job, 'skips' | 'markEachItem'>,
): string {
  const { groups, work } = groupByCandidates(entries)
  const parts = [
    `"groups":${JSON.stringify(groups)}`,
    `"work":${JSON.stringify(work)}`,
    `"markEachItem":${JSON.stringify(markEachItem)}`,
    `"skips":${JSON.stringify(skips.map(skipEntry))}`,
    `"items":${JSON.stringify(entries.map(({ item }) => item))}`,
    `"fields":${JSON.stringify(entries.map(({ fields }) => fields))}`,
    `"events":[${entries.map(({ raw }) => raw).join(',')}]`,
  ]
  return `{${parts.join(',')}}`
}

/** Groups the indexes of events that have the same candidates, and lists for each body, ascending, its groups. */
function groupByCandidates(entries: readonly EventEntry[]): {
  groups: number[][]
  work: [number, number[]][]
} {
  const byCandidates = Map.groupBy([...entries.keys()], (index) => entries[index]!.candidates)
  const work = new Map<number, number[]>()
  ;[...byCandidates.keys()].forEach((candidates, group) => {
    for (const body of candidates) {
      const groups = work.get(body)
      if (groups) groups.push(group)
      else work.set(body, [group])
    }
  })
  return { groups: [...byCandidates.values()], work: [...work].sort(([a], [b]) => a - b) }
}

/** A call with its index among the job's items. */
type NumberedCall<Call> = Call & { readonly item: number }

export function testRequest(
  calls: readonly NumberedCall<BodyCall>[],
  bodies: readonly Body[],
  skips: readonly Skip[],
): string {
  const testCalls = calls.map(({ item, body, entry, mocks, recordReads, followLines, timeFunctions }) => {
    const { path, source } = bodies[body]!
    return [item, body, entry, mocks, recordReads, followLines ? [path, source] : null, timeFunctions]
  })
  return JSON.stringify({ calls: testCalls, skips: skips.map(skipEntry) })
}

export function unitTestRequest(
  calls: readonly NumberedCall<UnitTestCall>[],
  skips: readonly Skip[],
): string {
  return JSON.stringify({
    calls: calls.map(({ item, body, name }) => [item, body, name]),
    skips: skips.map(skipEntry),
  })
}

function skipEntry({ body, item, function: number, error }: Skip): unknown[] {
  return [body, item, number, error]
}

export type JsonRecord = Readonly<Record<string, unknown>>
