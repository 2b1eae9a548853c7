/** The intake of a source: the order of its reports, and the effect of a failure of the store. */
import { describe, expect, it } from 'vitest'
import type { DaemonEvent } from '../../src/daemon/events.ts'
import { PartitionStates } from '../../src/daemon/partitions/partition-states.ts'
import { RunStats } from '../../src/daemon/run-stats.ts'
import { runSource } from '../../src/daemon/source-runs.ts'
import { isError, UserError } from '../../src/errors.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import type { Envelope, Settlement } from '../../src/model/events/event.ts'
import { nullLog, nullMetrics } from '../../src/model/ports.ts'
import type { FramedEvent, SourceContext } from '../../src/sources/_source.ts'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'
import { manualClock } from '../support/clock.ts'
import { Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

const framed = (raw: string): FramedEvent => ({ raw, position: raw })

/** An engine that evaluates every event, except texts that name a failure. */
function evaluate(events: readonly Envelope[]): Promise<EvaluatedEvent[]> {
  return Promise.resolve(
    events.map((envelope) => ({
      envelope,
      outcome: envelope.raw.startsWith('bad')
        ? { status: 'rejected', reason: 'not JSON' }
        : { status: 'evaluated', at: envelope.receivedAt, ownRowId: null, findings: [] },
    })),
  )
}

type Parts = Parameters<typeof runSource>[1]

function fixture(over: Partial<Parts> = {}) {
  const { ingress, stdin } = sourceContext(new Sink())
  const steps: string[] = []
  const stats = new RunStats(nullMetrics)
  const ready: boolean[] = []
  const committed = new Set<string>()
  let seq = 0
  const parts: Parts = {
    evaluate,
    pipeline: {
      areKnown: async (events) =>
        events.map(({ dedupId }) => dedupId !== undefined && committed.has(dedupId)),
      admit: async ({ events, cursor }): Promise<Settlement[]> => {
        const raws = events.map(({ envelope }) => envelope.raw)
        if (raws.includes('busy')) throw new UserError('the store is busy')
        if (cursor === 'too far') throw new UserError('the disk is full')
        for (const { envelope } of events) if (envelope.dedupId) committed.add(envelope.dedupId)
        steps.push(`commit ${raws.join(' ') || 'nothing'} to ${cursor ?? 'nowhere'}`)
        return events.map(({ outcome }) =>
          outcome.status === 'evaluated'
            ? { status: 'accepted', matches: 0 }
            : { status: 'rejected', reason: outcome.reason },
        )
      },
    },
    hostId: 'host-1',
    clock: manualClock(),
    store: {
      claimPartitions: async () => [],
      extendPartitions: async () => [],
      giveBackPartitions: async () => {},
      finishPartitions: async () => {},
    },
    admitSystem: async () => {},
    states: new PartitionStates(nullMetrics),
    member: 'member',
    leaseMs: 10_000,
    monotonic: () => 0,
    cursors: (source) => ({
      take: async () => ({ source, cursor: null, owner: 'o', version: 1 }),
      release: async () => {},
    }),
    stats,
    readiness: {
      intakeFailed: () => ready.push(false),
      intakeSucceeded: () => ready.push(true),
      sourceStarted: (source) => void steps.push(`begin ${source}`),
      sourceFailed: (source) => void steps.push(`fail ${source}`),
    },
    nextSeq: () => seq++,
    writeRejects: async (rejected) => void steps.push(`keep ${rejected.length}`),
    onEvent: (event: DaemonEvent) => {
      if (event.kind === 'rejected') steps.push(`report ${event.status} ${event.position}: ${event.reason}`)
    },
    ingress,
    stdin,
    limits: { eventBytes: 100, bodyBytes: 100 },
    log: nullLog,
    signal: new AbortController().signal,
    ...over,
  }
  const run = (body: (context: SourceContext) => Promise<void>, resumes = false, keySpace = 'x') =>
    runSource(
      { spec: parseSourceSpec('file:x'), keySpace, source: { ends: true, resumes, run: body } },
      parts,
    )
  const summary = () =>
    stats.summary(NONE, NONE, { undelivered: [], exhausted: true, durationMs: 0, lost: null }).events
  return { run, parts, steps, ready, summary }
}

it('a source without a cursor that fails is reported until it starts again', async () => {
  const clock = manualClock()
  const { parts, steps } = fixture({ clock })
  const spec = parseSourceSpec('sqs:https://queue')
  let runs = 0
  const source = {
    ends: false,
    resumes: false,
    run: async (context: SourceContext) => {
      await context.commitCursor(null)
      if (++runs === 1) throw new Error('access denied')
    },
  }
  const ended = runSource({ spec, keySpace: 'sqs', source }, parts)
  await until(() => {
    clock.advance(500)
    return runs === 2
  })
  await ended
  const { name } = spec
  expect(steps).toEqual([`begin ${name}`, `fail ${name}`, `begin ${name}`])
})

describe('an event with an idempotency key', () => {
  const keyed = (raw: string, dedupId: string): FramedEvent => ({ ...framed(raw), dedupId })

  it('is a duplicate and is not evaluated if it was committed before', async () => {
    const evaluated: string[] = []
    const counting: Parts['evaluate'] = (events) => {
      evaluated.push(...events.map(({ raw }) => raw))
      return evaluate(events)
    }
    const { run, summary } = fixture({ evaluate: counting })
    await run(async (context) => {
      await context.emit([keyed('one', 'k:1')])
      const settlements = await context.emit([keyed('one', 'k:1'), keyed('two', 'k:2'), framed('three')])
      expect(settlements.map(({ status }) => status)).toEqual(['duplicate', 'accepted', 'accepted'])
    })
    expect(evaluated).toEqual(['one', 'two', 'three'])
    expect(summary()).toEqual({ accepted: 3, duplicate: 1, rejected: 0, unclassified: 0 })
  })

  it('is a duplicate at another source of the same key space, and at no other', async () => {
    const { run } = fixture()
    const statuses: unknown[] = []
    const send = async (context: SourceContext) => {
      statuses.push((await context.emit([keyed('one', 'k:1')]))[0]?.status)
    }
    for (const keySpace of ['http', 'http', 'ingest']) await run(send, false, keySpace)
    expect(statuses).toEqual(['accepted', 'duplicate', 'accepted'])
  })

  it('waits for the commit of the first one if it comes again while that is under way', async () => {
    const evaluated: string[] = []
    const going: (() => void)[] = []
    const held: Parts['evaluate'] = async (events) => {
      evaluated.push(...events.map(({ raw }) => raw))
      await new Promise<void>((resolve) => going.push(resolve))
      return evaluate(events)
    }
    const { run } = fixture({ evaluate: held })
    await run(async (context) => {
      const twice = [context.emit([keyed('one', 'k:1')]), context.emit([keyed('one', 'k:1')])]
      await until(() => going.length === 1)
      going[0]!()
      const statuses = (await Promise.all(twice)).map(([settlement]) => settlement!.status)
      expect(statuses).toEqual(['accepted', 'duplicate'])
    })
    expect(evaluated).toEqual(['one'])
  })

  it('is evaluated again if its first commit failed', async () => {
    const { run } = fixture()
    await run(async (context) => {
      const first = context.emit([keyed('busy', 'k:1')])
      const second = context.emit([keyed('good', 'k:1')])
      await expect(first).rejects.toThrow('the store is busy')
      expect(await second).toEqual([{ status: 'accepted', matches: 0 }])
    })
  })
})

const NONE = {
  pending: 0,
  sending: 0,
  delivered: 0,
  waiting: 0,
  queued: 0,
  scheduled: 0,
  dead: 0,
  orphaned: 0,
  withdrawn: 0,
}

describe('a batch of a source', () => {
  it('has its rejects written before the commit, and reported and counted after it', async () => {
    const { run, steps, summary } = fixture()
    await run(
      async (context) => void (await context.emit([framed('bad 1'), framed('good')], { cursor: '7' })),
    )
    expect(steps).toEqual(['keep 1', 'commit bad 1 good to 7', 'report rejected bad 1: not JSON'])
    expect(summary()).toEqual({ accepted: 1, duplicate: 0, rejected: 1, unclassified: 0 })
  })

  it('raises no UserError if it fails, reports no reject twice, and makes the daemon unready', async () => {
    const failures: unknown[] = []
    const { run, steps, ready, summary } = fixture()
    await run(async (context) => {
      const keep = (error: unknown) => failures.push(error)
      await context.emit([framed('bad 1'), framed('busy')]).catch(keep)
      await context.emit([framed('bad 1')])
    })
    expect(failures.map((error) => isError(error, 'user'))).toEqual([false])
    expect(String(failures[0])).toContain('events could not be accepted: the store is busy')
    expect(steps.filter((step) => step.startsWith('report'))).toHaveLength(1)
    expect(summary().rejected).toBe(1)
    expect(ready).toEqual([false, true])
  })

  it('is not committed after a failed one if it has a cursor, because events would be skipped', async () => {
    const { run, steps } = fixture({
      evaluate: async (events) => {
        if (events.some(({ raw }) => raw === 'fails')) throw new Error('no worker is left')
        return evaluate(events)
      },
    })
    await run(async (context) => {
      const batches = [
        context.emit([framed('fails')], { cursor: '1' }),
        context.emit([framed('good')], { cursor: '2' }),
      ]
      const results = await Promise.allSettled(batches)
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    }, true)
    expect(steps).toEqual([])
  })

  it('does not depend on the previous one if its source does not resume', async () => {
    const { run, steps } = fixture()
    await run(
      async (context) =>
        void (await Promise.allSettled([context.emit([framed('busy')]), context.emit([framed('good')])])),
    )
    expect(steps).toEqual(['commit good to nowhere'])
  })
})

describe('the lanes of a source', () => {
  /** The events of `slow` are evaluated when the test says so. */
  function slowEvaluation() {
    const released = Promise.withResolvers<void>()
    const held: Parts['evaluate'] = async (events) => {
      if (events.some(({ raw }) => raw === 'slow')) await released.promise
      return evaluate(events)
    }
    return { held, release: released.resolve }
  }

  it('do not wait for each other if the source does not resume', async () => {
    const { held, release } = slowEvaluation()
    const { run, steps } = fixture({ evaluate: held })
    await run(async (context) => {
      const slow = context.emit([framed('slow')], { lane: 1 })
      const behind = context.emit([framed('behind')], { lane: 1 })
      await context.emit([framed('other')], { lane: 2 })
      expect(steps).toEqual(['commit other to nowhere'])
      release()
      await Promise.all([slow, behind])
    })
    expect(steps.slice(1)).toEqual(['commit slow to nowhere', 'commit behind to nowhere'])
  })

  it('are one if the source resumes, because its cursor orders all batches', async () => {
    const { held, release } = slowEvaluation()
    const { run, steps } = fixture({ evaluate: held })
    await run(async (context) => {
      const all = [
        context.emit([framed('slow')], { cursor: '1', lane: 1 }),
        context.emit([framed('other')], { cursor: '2', lane: 2 }),
      ]
      release()
      await Promise.all(all)
    }, true)
    expect(steps).toEqual(['commit slow to 1', 'commit other to 2'])
  })
})

describe('the first cursor of a source', () => {
  it('is committed without events after what was emitted before, and then the source has started', async () => {
    const { run, steps, ready } = fixture()
    await run(async (context) => {
      await Promise.all([context.emit([framed('good')], { cursor: '7' }), context.commitCursor('8')])
    }, true)
    expect(steps).toEqual(['commit good to 7', 'commit nothing to 8', 'begin file:x'])
    expect(ready).toEqual([true, true, true])
  })

  it('keeps the source from starting while it cannot be committed', async () => {
    const { run, steps, ready } = fixture()
    await run(async (context) => {
      await expect(context.commitCursor('too far')).rejects.toThrow(
        'events could not be accepted: the disk is full',
      )
    }, true)
    expect(steps).toEqual([])
    expect(ready).toEqual([true, false])
  })

  it('needs no commit if the source cannot resume', async () => {
    const { run, steps } = fixture()
    await run((context) => context.commitCursor(null))
    expect(steps).toEqual(['begin file:x'])
  })
})

describe('a run whose source was taken by another run', () => {
  const fencing: Parts['pipeline'] = {
    areKnown: async (events) => events.map(() => false),
    admit: async ({ claim }) => {
      claim!.record('fenced', true)
      throw new Error('another run has taken the source')
    },
  }

  it('acknowledges nothing, and the daemon stays ready', async () => {
    const { run, ready, summary } = fixture({ pipeline: fencing, signal: AbortSignal.timeout(1) })
    const results: PromiseSettledResult<unknown>[] = []
    await run(async (context) => {
      results.push(
        ...(await Promise.allSettled([
          context.emit([framed('one')], { cursor: '1' }),
          context.emit([framed('two')]),
        ])),
      )
      throw new Error('the run ends')
    }, true)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(ready).toEqual([true])
    expect(summary()).toEqual({ accepted: 0, duplicate: 0, rejected: 0, unclassified: 0 })
  })
})

it('an event is received at the time of the store', async () => {
  const received: number[] = []
  const { run } = fixture({
    clock: manualClock(7),
    evaluate: (events) => {
      received.push(...events.map(({ receivedAt }) => receivedAt))
      return evaluate(events)
    },
  })
  await run(async (context) => void (await context.emit([framed('one')])))
  expect(received).toEqual([7])
})
