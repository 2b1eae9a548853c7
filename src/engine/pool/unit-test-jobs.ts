/** MAIN THREAD. Runs the unit tests of helpers and data models: lists the tests of each file, then splits them into jobs. */
import type { UnitTestFile, UnitTestOutcome } from '../../model/events/evaluation.ts'
import type { Body, BrokenBody, ItemOutcome, UnitTestCall, Work } from '../protocol/messages.ts'
import { splitIntoChunks } from './chunks.ts'

interface UnitTestRun {
  readonly bodies: readonly Body[]
  readonly brokenBodies: ReadonlyMap<number, BrokenBody>
  readonly workers: number
  readonly isSelected: (name: string) => boolean
  readonly run: (work: Work) => Promise<readonly ItemOutcome[]>
}

const TESTS_PER_JOB = 20

export async function runUnitTests({
  bodies,
  brokenBodies,
  workers,
  isSelected,
  run,
}: UnitTestRun): Promise<UnitTestFile[]> {
  const files = bodies.flatMap(({ kind }, body) => (kind === 'unit-tests' ? [body] : []))
  const loadable = files.filter((body) => !brokenBodies.has(body))
  const listCalls = loadable.map((body): UnitTestCall => ({ body, name: null }))
  const listed = await run({ kind: 'unit-tests', items: listCalls })
  const calls = loadable.flatMap((body, at) =>
    namesOf(listed[at]!)
      .filter(isSelected)
      .map((name) => ({ body, name })),
  )
  const share = { workers: workers * 2, maxItems: TESTS_PER_JOB, maxChars: Number.POSITIVE_INFINITY }
  const jobs = splitIntoChunks(calls, () => 0, share).map((items) => run({ kind: 'unit-tests', items }))
  const outcomes = (await Promise.all(jobs)).flat() as UnitTestOutcome[]
  const byBody = Map.groupBy(
    calls.map(({ body, name }, at) => ({ body, name, outcome: outcomes[at]! })),
    ({ body }) => body,
  )
  return files.map((body) => {
    const tests = (byBody.get(body) ?? []).map(({ name, outcome }) => ({ name, outcome }))
    const listedTests = listed[loadable.indexOf(body)]
    const total = listedTests ? namesOf(listedTests).length : 0
    return {
      path: bodies[body]!.path,
      error: brokenBodies.get(body)?.error ?? lostList(listedTests),
      total,
      tests,
    }
  })
}

function namesOf(listed: ItemOutcome): readonly string[] {
  return Array.isArray(listed) ? (listed as readonly string[]) : []
}

/** Listing the tests itself has ended a worker. */
function lostList(listed: ItemOutcome | undefined) {
  return listed && !Array.isArray(listed) ? ((listed as UnitTestOutcome).errors[0] ?? null) : null
}
