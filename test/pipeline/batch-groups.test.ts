import { describe, expect, it } from 'vitest'
import type { Settlement } from '../../src/model/events/event.ts'
import type { Batch, ClaimedBatch } from '../../src/pipeline/batch.ts'
import { BatchGroups, type Pace } from '../../src/pipeline/batch-groups.ts'
import { CommitQueues } from '../../src/pipeline/commit-queues.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { evaluatedEvent } from '../support/evaluated-events.ts'

const claimOf = (source: string) => new CursorClaim({ source, owner: 'o', version: 1, cursor: null })

/** Groups over real queues. A commit ends when the test says so, and settles each event with its position in the commit. */
function fixture(pace: Pace | null = null) {
  const queues = new CommitQueues()
  const commits: Batch[] = []
  const gates: PromiseWithResolvers<void>[] = []
  const groups = new BatchGroups({
    pace,
    commit: (queue, _claim, compose) =>
      queues.enqueue(queue, async () => {
        const batch = await compose()
        const gate = Promise.withResolvers<void>()
        gates.push(gate)
        commits.push(batch)
        await gate.promise
        return batch.events.map((_, i): Settlement => ({ status: 'accepted', matches: i }))
      }),
  })
  const claim = claimOf('nats:x#a')
  const batch = (events: number, cursor: string | null, by = claim): ClaimedBatch => ({
    queue: by.source,
    claim: by,
    cursor,
    events: Array.from({ length: events }, () => evaluatedEvent(null)),
  })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const sizes = () => commits.map(({ events, cursor }) => [events.length, cursor])
  return { groups, commits, gates, batch, settled, sizes }
}

const matches = (settlements: readonly Settlement[]) =>
  settlements.map((each) => (each.status === 'accepted' ? each.matches : -1))

describe('batches of one claim', () => {
  it('that wait for a commit become one, with the last cursor, and each gets its own settlements', async () => {
    const { groups, gates, batch, settled, sizes } = fixture()
    const first = groups.admit(batch(2, '1'))
    await settled()
    const waiting = [groups.admit(batch(1, '2')), groups.admit(batch(3, '3')), groups.admit(batch(1, null))]
    await settled()
    expect(sizes()).toEqual([[2, '1']])
    gates[0]!.resolve()
    await settled()
    expect(sizes()).toEqual([
      [2, '1'],
      [5, '3'],
    ])
    gates[1]!.resolve()
    expect(matches(await first)).toEqual([0, 1])
    expect((await Promise.all(waiting)).map(matches)).toEqual([[0], [1, 2, 3], [4]])
  })

  it('have at most 1,000 events in one commit', async () => {
    const { groups, gates, batch, settled, sizes } = fixture()
    const admitted = [1, 600, 400, 1, 2_000].map((events, i) => groups.admit(batch(events, String(i))))
    for (let n = 0; n < 5; n++) {
      await settled()
      gates[n]?.resolve()
    }
    await Promise.all(admitted)
    expect(sizes()).toEqual([
      [601, '1'],
      [401, '3'],
      [2_000, '4'],
    ])
  })

  it('fail together, and those of another claim do not', async () => {
    const { groups, gates, batch, settled } = fixture()
    const other = claimOf('nats:x#b')
    const failing = [groups.admit(batch(1, '1')), groups.admit(batch(1, '2'))]
    const sound = groups.admit(batch(1, '1', other))
    const results = Promise.allSettled([...failing, sound])
    await settled()
    gates[0]!.reject(new Error('fenced'))
    gates[1]!.resolve()
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  })
})

describe('the pause between commits of one claim', () => {
  const pacedFixture = () => {
    let now = 0
    const pauses: number[] = []
    const resumed: (() => void)[] = []
    const pace: Pace = {
      monotonic: () => now,
      pause: (ms) => {
        pauses.push(ms)
        return new Promise((resolve) => resumed.push(resolve))
      },
    }
    const advance = (ms: number) => {
      now += ms
    }
    return { ...fixture(pace), pauses, resumed, advance }
  }

  it.each([
    [124, []],
    [125, [125]],
    [900, [900]],
    [60_000, [2_000]],
  ])('after a commit of %i ms is %j ms long', async (ms, wanted) => {
    const { groups, gates, batch, settled, pauses, advance } = pacedFixture()
    const first = groups.admit(batch(1, '1'))
    await settled()
    advance(ms)
    gates[0]!.resolve()
    await first
    void groups.admit(batch(1, '2'))
    await settled()
    expect(pauses).toEqual(wanted)
  })

  it('lets batches join, and is over when as much time has passed', async () => {
    const { groups, gates, batch, settled, sizes, pauses, resumed, advance } = pacedFixture()
    const first = groups.admit(batch(1, '1'))
    await settled()
    advance(500)
    gates[0]!.resolve()
    await first
    advance(200)
    void groups.admit(batch(1, '2'))
    await settled()
    void groups.admit(batch(1, '3'))
    expect([sizes(), pauses]).toEqual([[[1, '1']], [300]])
    resumed[0]!()
    await settled()
    expect(sizes()).toEqual([
      [1, '1'],
      [2, '3'],
    ])
  })
})
