/** WORKER THREAD. Loads a project into an interpreter from its snapshot, or from source, and then makes the snapshot. */

import { withDetails } from '../protocol/driver-request.ts'
import { type LoadResponse, readBroken, readLoad } from '../protocol/driver-response.ts'
import type { BrokenBody, LoadRequest, NamedBody, RestoredProject } from '../protocol/messages.ts'
import type { BodyGuards } from '../protocol/module-analysis.ts'
import { LOADING } from '../protocol/progress-marker.ts'
import type { BootedPython } from '../runtime/pyodide.ts'
import type { SnapshotStore } from '../snapshot/snapshot-store.ts'
import { summarizeGuards } from './event-index/guard-summary.ts'
import { IntegrityViolation } from './integrity-check.ts'

/** A part of a project writes the cache only for more analyses than these, which are made faster than all are written. */
const MAX_UNWRITTEN_ANALYSES = 20

/** Each round finds bodies that those of the previous round had hidden. Two rounds are usual. */
const MAX_ROUNDS = 8

/** A project that is loaded, with the `ModuleAnalysis.guard` of each body. */
export interface LoadedProject {
  readonly restored: RestoredProject
  readonly guards: readonly (BodyGuards | null)[]
}

export function loadProject(request: LoadRequest, booted: BootedPython, store: SnapshotStore): LoadedProject {
  const { driverRequest, snapshots: mode } = request
  const snapshot = mode === 'use' ? store.loadProject(driverRequest, booted.base) : null
  if (!snapshot) return loadFromSources(request, booted, store)
  booted.python.restoreSnapshot(snapshot)
  const { facts, startDependent, guards } = snapshot
  const broken = [...snapshot.broken, ...finishLoad(request, booted, startDependent)]
  return { restored: { broken, facts, packed: [], startDependent: [], refusal: null }, guards }
}

function loadFromSources(request: LoadRequest, booted: BootedPython, store: SnapshotStore): LoadedProject {
  const { driverRequest, snapshots: mode } = request
  const { facts, codes, guards, packed } = analyzeBodies(request, booted, store)
  const { broken, startDependent, refusal } = loadForEveryStart(request, codes, booted)
  if (refusal !== null) return { restored: { broken, facts, packed, startDependent: [], refusal }, guards }
  // The snapshot holds what all starts have in common: nothing that depends on the start, and no evaluated event.
  const snapshot = mode === 'ignore' ? null : booted.python.takeSnapshot(booted.base)
  if (snapshot && 'heap' in snapshot) {
    const project = { broken, facts, startDependent, guards, ...snapshot }
    packed.push(store.packProject(driverRequest, booted.base, project))
  }
  const all = [...broken, ...finishLoad(request, booted, startDependent)]
  const snapshotRefusal = snapshot && 'refusal' in snapshot ? snapshot.refusal : null
  return { restored: { broken: all, facts, packed, startDependent, refusal: snapshotRefusal }, guards }
}

/** The analysis runs before any project code and is rolled back, so project code cannot influence it. */
function analyzeBodies(
  { bodies, excluded, snapshots: mode }: LoadRequest,
  { python, base }: BootedPython,
  store: SnapshotStore,
) {
  const named = bodies.filter((body): body is NamedBody => body.kind !== 'simple')
  const { analyses, added, serialize } = store.loadAnalyses().analyze(named, new Set(excluded), {
    analyze: (text) => python.analyze(text),
    summarize: summarizeGuards,
  })
  if (added > 0) python.reset(base)
  const isPart = mode === 'ignore'
  const isWorthWriting = added > (isPart ? MAX_UNWRITTEN_ANALYSES : 0)
  return {
    facts: JSON.stringify(analyses.map((each) => each.facts)),
    codes: analyses.map(({ code }) => code),
    guards: analyses.map(({ guard }) => guard),
    packed: isWorthWriting ? [store.packAnalyses(serialize(isPart ? 'all' : 'some'))] : [],
  }
}

interface CommonLoad {
  readonly broken: readonly BrokenBody[]
  readonly startDependent: readonly number[]
  /** Why all bodies are loaded and no snapshot can be made. */
  readonly refusal: string | null
}

/**
 * Loads the bodies that do not depend on the start. Those that do are known only after they have run, so the memory is then
 * reset and the others are loaded without them.
 */
function loadForEveryStart(
  request: LoadRequest,
  codes: readonly (string | null)[],
  booted: BootedPython,
): CommonLoad {
  const load = (startDependent: readonly number[] | null) =>
    loadOnce(request, { codes, startDependent }, booted)
  const first = load([])
  const excluded = new Set<number>()
  const sorted = () => [...excluded].sort((a, b) => a - b)
  let latest = first
  for (let round = 1; latest.startDependent.length > 0 && round < MAX_ROUNDS; round++) {
    for (const body of latest.startDependent) excluded.add(body)
    booted.python.reset(booted.base)
    latest = load(sorted())
  }
  if (latest.startDependent.length === 0 && isPartOf(latest.problems, first.problems)) {
    return { broken: latest.problems, startDependent: sorted(), refusal: null }
  }
  booted.python.reset(booted.base)
  const refusal = 'other bodies need those that read the clock or random numbers while they are loaded'
  return { broken: load(null).problems, startDependent: [], refusal }
}

function isPartOf(problems: readonly BrokenBody[], known: readonly BrokenBody[]): boolean {
  const bodies = new Set(known.map(({ body }) => body))
  return problems.every(({ body }) => bodies.has(body))
}

function loadOnce(
  { driverRequest, bodies }: LoadRequest,
  details: Parameters<typeof withDetails>[1],
  { python }: BootedPython,
): LoadResponse {
  const answer = readLoad(python.load(withDetails(driverRequest, details)), bodies.length)
  assertNoViolation(answer.problems)
  return answer
}

/** Loads the bodies that each start loads. */
function finishLoad(
  { bodies }: LoadRequest,
  { python }: BootedPython,
  excluded: readonly number[],
): readonly BrokenBody[] {
  if (excluded.length === 0) return []
  const problems = readBroken(python.finishLoad(), bodies.length)
  assertNoViolation(problems)
  return problems
}

function assertNoViolation(problems: readonly BrokenBody[]): void {
  const tampering = problems.find(({ error }) => error.limit === 'integrity')
  if (tampering)
    throw new IntegrityViolation(tampering.error.message, { body: tampering.body, item: LOADING })
}
