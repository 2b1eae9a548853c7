/** Commits of one queue keep their order, and no queue waits for another. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CommitQueues } from '../../src/pipeline/commit-queues.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import type { CommitPlan, Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT, matchedEvent } from '../support/evaluated-events.ts'
import { destination, detection, project, registry } from '../support/model.ts'
import { until } from '../support/until.ts'

/** Tasks that run until the test ends them; `steps` has what began and ended. */
function heldTasks() {
  const steps: string[] = []
  const ends = new Map<string, () => void>()
  const task = (name: string) => async () => {
    steps.push(`begin ${name}`)
    await new Promise<void>((resolve) => ends.set(name, resolve))
    steps.push(`end ${name}`)
  }
  const end = async (name: string) => {
    await until(() => ends.has(name))
    ends.get(name)!()
    await setImmediate()
  }
  return { steps, task, end }
}

describe('queues', () => {
  it('run the tasks of one queue in order, and those of two queues side by side', async () => {
    const { steps, task, end } = heldTasks()
    const queues = new CommitQueues()
    const all = [
      queues.enqueue('a', task('a1')),
      queues.enqueue('a', task('a2')),
      queues.enqueue('b', task('b1')),
    ]
    await end('b1')
    expect(steps).toEqual(['begin a1', 'begin b1', 'end b1'])
    await end('a1')
    await end('a2')
    await Promise.all(all)
    expect(steps.slice(3)).toEqual(['end a1', 'begin a2', 'end a2'])
  })

  it('go on after a failed task', async () => {
    const queues = new CommitQueues()
    const failed = queues.enqueue('a', () => Promise.reject(new Error('the disk is full')))
    const next = queues.enqueue('a', async () => 'done')
    await expect(failed).rejects.toThrow('the disk is full')
    expect(await next).toBe('done')
  })

  it('an exclusive task runs alone, after the present tasks of all queues and before all later ones', async () => {
    const { steps, task, end } = heldTasks()
    const queues = new CommitQueues()
    const all = [
      queues.enqueue('a', task('a1')),
      queues.enqueue('b', task('b1')),
      queues.runAlone(task('alone')),
      queues.enqueue('b', task('b2')),
      queues.enqueue('new', task('new')),
      queues.runAlone(task('alone again')),
      queues.enqueue('a', task('a2')),
    ]
    for (const name of ['b1', 'a1', 'alone', 'new', 'b2', 'alone again', 'a2']) await end(name)
    await Promise.all(all)
    expect(steps).toEqual([
      'begin a1',
      'begin b1',
      'end b1',
      'end a1',
      'begin alone',
      'end alone',
      'begin b2',
      'begin new',
      'end new',
      'end b2',
      'begin alone again',
      'end alone again',
      'begin a2',
      'end a2',
    ])
  })
})

describe('the pipeline', () => {
  async function fixture() {
    const store = await openStore('memory:', { clock: manualClock(EVENT_AT), projectRoot: '.' })
    const content = project([detection()], registry([destination('soc', { severities: ['MEDIUM'] })]))
    const released = Promise.withResolvers<void>()
    /** A plan that makes an alert with the title "slow" waits for the test. */
    const isSlow = ({ alerts }: CommitPlan) => alerts.some(({ title }) => title === 'slow')
    const apply: Store['apply'] = async (plan, expected) => {
      if (isSlow(plan)) await released.promise
      return store.apply(plan, expected)
    }
    const pipeline = createPipeline({
      store: { ...store, apply },
      project: () => content,
      onAdmitted: () => {},
    })
    const admit = (queue: string, title: string) =>
      pipeline.admit({ queue, events: [matchedEvent(title)], claim: null, cursor: null })
    const titles = async () => (await store.alerts({ limit: 10 })).map(({ title }) => title).sort()
    return { store, pipeline, admit, titles, release: released.resolve }
  }

  it('batches of one source are committed while a commit of another source waits', async () => {
    const { store, admit, titles, release } = await fixture()
    const slow = admit('file:a', 'slow')
    const behind = admit('file:a', 'behind')
    await admit('file:b', 'other')
    expect(await titles()).toEqual(['other'])
    release()
    await Promise.all([slow, behind])
    expect(await titles()).toEqual(['behind', 'other', 'slow'])
    await store.close()
  })

  it('system findings are committed while a commit of a source waits', async () => {
    const { store, pipeline, admit, titles, release } = await fixture()
    const slow = admit('file:a', 'slow')
    await pipeline.admitSystem([
      {
        from: 'system',
        kind: 'SYSTEM_ERROR',
        code: 'DestinationPaused',
        title: 'paused',
        description: '',
        runbook: '',
        dedup: 'soc',
        context: {},
        at: EVENT_AT,
      },
    ])
    expect(await titles()).toEqual(['paused'])
    release()
    await slow
    await store.close()
  })

  it('a task between commits runs when every queue has committed', async () => {
    const { store, pipeline, admit, titles, release } = await fixture()
    const slow = admit('file:a', 'slow')
    const before: string[][] = []
    const between = pipeline.betweenCommits(async () => void before.push(await titles()))
    const later = admit('file:b', 'later')
    await setImmediate()
    expect(await titles()).toEqual([])
    release()
    await Promise.all([slow, between, later])
    expect(before).toEqual([['slow']])
    await store.close()
  })
})
