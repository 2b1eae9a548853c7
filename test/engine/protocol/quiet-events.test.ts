/** A response counts quiet events instead of naming them, and every event still gets its own outcome. */
import { expect, it } from 'vitest'
import type { ItemOutcome } from '../../../src/engine/protocol/messages.ts'
import { packOutcomes, unpackOutcomes } from '../../../src/engine/protocol/quiet-events.ts'
import { envelope } from '../../support/engine-project.ts'

const items = Array.from({ length: 5 }, (_, at) => envelope({ at }, { receivedAt: 1_000 + at }))
const quiet = (at: number) => ({ status: 'evaluated', at: 1_000 + at, ownRowId: null, findings: [] })
const rejected: ItemOutcome = { status: 'rejected', reason: 'not JSON' }

it.each([
  ['only quiet events', [null, null, null, null, null], [5]],
  ['others between them', [null, null, rejected, null, rejected], [2, rejected, 1, rejected]],
  ['no quiet event', [rejected, rejected, rejected, rejected, rejected], Array(5).fill(rejected)],
  [
    'a quiet event at the end',
    [rejected, rejected, rejected, rejected, null],
    [...Array(4).fill(rejected), 1],
  ],
] as const)('%s', (_, outcomes, packed) => {
  expect(packOutcomes(outcomes)).toEqual(packed)
  expect(unpackOutcomes(packOutcomes(outcomes), { kind: 'evaluate', items })).toEqual(
    outcomes.map((outcome, at) => outcome ?? quiet(at)),
  )
})
