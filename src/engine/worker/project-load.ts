/** Brings a project's bodies into an interpreter: from their snapshot, else from their sources, of which one is then made. */

import { withDetails } from '../protocol/driver-request.ts'
import { type LoadAnswer, readBroken, readLoad } from '../protocol/driver-response.ts'
import {
  type BrokenBody,
  LOADING,
  type LoadRequest,
  type NamedBody,
  type RestoredProject,
} from '../protocol/messages.ts'
import type { Booted } from '../runtime/pyodide.ts'
import type { SnapshotStore } from '../snapshot/snapshot-store.ts'
import { IntegrityViolation } from './integrity-check.ts'

/** Each round finds the bodies that a body of the round before had hidden; two are the rule. */
const MAX_ROUNDS = 8

export function fillInterpreter(order: LoadRequest, booted: Booted, images: SnapshotStore): RestoredProject {
  const { request, images: way } = order
  const image = way === 'use' ? images.loadProject(request, booted.base) : null
  if (!image) return loadFromSources(order, booted, images)
  booted.python.adopt(image)
  const { facts, startDependent } = image
  const broken = [...image.broken, ...finish(order, booted, startDependent)]
  return { broken, facts, kept: [], startDependent: [], refusal: null }
}

function loadFromSources(order: LoadRequest, booted: Booted, images: SnapshotStore): RestoredProject {
  const { request, images: way } = order
  const { facts, codes, kept } = study(order, booted, images)
  const { broken, startDependent, refusal } = loadForEveryStart(order, codes, booted)
  if (refusal !== null) return { broken, facts, kept, startDependent: [], refusal }
  // Before the others are loaded and anything is evaluated: what every start has in common.
  const image = way === 'ignore' ? null : booted.python.image(booted.base)
  if (image && 'heap' in image) {
    kept.push(images.packProject(request, booted.base, { broken, facts, startDependent, ...image }))
  }
  const all = [...broken, ...finish(order, booted, startDependent)]
  return {
    broken: all,
    facts,
    kept,
    startDependent,
    refusal: image && 'refusal' in image ? image.refusal : null,
  }
}

/** The analysis runs before any project code and is rolled back, so project code cannot influence it. */
function study(
  { bodies, excluded: leftOut, images: way }: LoadRequest,
  { python, base }: Booted,
  images: SnapshotStore,
) {
  const named = bodies.filter((body): body is NamedBody => body.kind !== 'simple')
  const { studies, kept } = images.loadAnalyses().of(named, new Set(leftOut), (text) => python.study(text))
  if (kept) python.reset(base)
  return {
    facts: JSON.stringify(studies.map((each) => each.facts)),
    codes: studies.map(({ code }) => code),
    kept: kept && way !== 'ignore' ? [images.packAnalyses(kept())] : [],
  }
}

interface CommonLoad {
  readonly broken: readonly BrokenBody[]
  readonly startDependent: readonly number[]
  /** Why all bodies are loaded and no snapshot can be made. */
  readonly refusal: string | null
}

/**
 * Loads the bodies that no start makes different. Those that it does are known only once they have run, so the memory
 * is then put back and the others are loaded without them.
 */
function loadForEveryStart(
  order: LoadRequest,
  codes: readonly (string | null)[],
  booted: Booted,
): CommonLoad {
  const load = (startDependent: readonly number[] | null) =>
    loadOnce(order, { codes, startDependent }, booted)
  const first = load([])
  const left = new Set<number>()
  const sorted = () => [...left].sort((a, b) => a - b)
  let latest = first
  for (let round = 1; latest.startDependent.length > 0 && round < MAX_ROUNDS; round++) {
    for (const body of latest.startDependent) left.add(body)
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
  { request, bodies }: LoadRequest,
  details: Parameters<typeof withDetails>[1],
  { python }: Booted,
): LoadAnswer {
  const answer = readLoad(python.load(withDetails(request, details)), bodies.length)
  refuseTampering(answer.problems)
  return answer
}

/** Loads the bodies that were left for every start. */
function finish({ bodies }: LoadRequest, { python }: Booted, left: readonly number[]): readonly BrokenBody[] {
  if (left.length === 0) return []
  const problems = readBroken(python.finishLoad(), bodies.length)
  refuseTampering(problems)
  return problems
}

function refuseTampering(problems: readonly BrokenBody[]): void {
  const tampering = problems.find(({ error }) => error.limit === 'canary')
  if (tampering)
    throw new IntegrityViolation(tampering.error.message, { body: tampering.body, item: LOADING })
}
