/** The example project reports the same with guards and without, on its own cases and on cases that are changed at random. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mutateEvent } from '../../../scripts/conformance/mutate-event.ts'
import { createEngine } from '../../../src/engine/engine.ts'
import { nullLog } from '../../../src/model/ports.ts'
import { openProject } from '../../../src/workspace/open-project.ts'
import { envelope, SNAPSHOT_DIRECTORY, warmEngine } from '../../support/engine-project.ts'
import { seededRandom } from '../../support/random.ts'

const ROOT = join(import.meta.dirname, '../../..')
const MUTATIONS = 20
const SEED = 1

it('the example project reports the same with guards and without', async () => {
  const project = await openProject({ root: ROOT, log: nullLog })
  const random = seededRandom(SEED)
  const entries = [...project.detections.values()].flatMap(({ type, logTypes, resourceTypes, tests }) =>
    tests.flatMap(({ entry, mocks }) => {
      if (mocks !== '[]' || !entry.startsWith('{')) return []
      const mutated = Array.from({ length: MUTATIONS }, () => mutateEvent(entry, random))
      const isPolicy = type === 'policy'
      const over = {
        kind: isPolicy ? 'resource' : 'log',
        type: (isPolicy ? resourceTypes : logTypes)[0] ?? null,
      } as const
      return [entry, ...mutated].map((raw) => ({ raw, over }))
    }),
  )
  const events = entries.map(({ raw, over }, seq) => envelope(raw, { ...over, seq }))
  const run = async (guards: boolean) => {
    const engine = await createEngine({
      project,
      purpose: 'run',
      workers: 1,
      guards,
      snapshotCache: SNAPSHOT_DIRECTORY,
      prewarmed: warmEngine(),
      log: nullLog,
    })
    try {
      return { evaluated: await engine.evaluate(events), skipped: engine.eventsWithoutPython() }
    } finally {
      await engine.close()
    }
  }
  const unguarded = await run(false)
  const guarded = await run(true)
  expect(guarded.evaluated).toEqual(unguarded.evaluated)
  expect(guarded.skipped).toBeGreaterThan(unguarded.skipped)
})
