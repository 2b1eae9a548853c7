/** The example project reports the same with guards and without, on its own cases and on cases that are changed at random. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mutateEvent } from '../../../scripts/conformance/mutate-event.ts'
import { nullLog } from '../../../src/model/ports.ts'
import { openProject } from '../../../src/workspace/open-project.ts'
import { envelope } from '../../support/engine-project.ts'
import { seededRandom } from '../../support/random.ts'
import { runBothWays } from './both-ways.ts'

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
  const { guarded, unguarded } = await runBothWays(project, events)
  expect(guarded.withoutPython).toBeGreaterThan(unguarded.withoutPython)
})
