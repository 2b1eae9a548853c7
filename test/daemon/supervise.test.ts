import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { supervise } from '../../src/daemon/supervise.ts'
import { UserError } from '../../src/errors.ts'
import type { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import type { Source, SourceContext } from '../../src/sources/_source.ts'
import { manualClock } from '../support/clock.ts'
import { recordingLog, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

type Run = (context: SourceContext) => Promise<void>

const EVENT = [{ raw: '{}', position: 'line 1' }]
const takeOne: Run = async (context) => void (await context.emit(EVENT))
const fail =
  (error: Error): Run =>
  () =>
    Promise.reject(error)
const waitForAbort: Run = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

/** A source whose runs have the given results, one after the other. */
function start(ends: boolean, ...runs: Run[]) {
  const sink = new Sink()
  const clock = manualClock()
  const log = recordingLog()
  const abort = new AbortController()
  const cursors: (string | null)[] = []
  const claims: CursorClaim[] = []
  const left = [...runs]
  const source: Source = { ends, resumes: true, run: (context) => (left.shift() ?? waitForAbort)(context) }
  const ended = supervise(source, {
    name: 'file:x',
    take: async () => ({ source: 'file:x', cursor: `after ${sink.events.length}`, owner: 'o', version: 1 }),
    clock,
    log,
    signal: abort.signal,
    context: (held, claim) => {
      cursors.push(held!.cursor)
      claims.push(claim!)
      return sourceContext(sink, { signal: abort.signal })
    },
  })
  ended.catch(() => {})
  return { ended, sink, clock, log, abort, cursors, claims }
}

describe('a source that fails', () => {
  it('is restarted from the committed cursor, after delays that grow and are reset by every accepted event', async () => {
    const broken = fail(new Error('the disk is full'))
    const takeAndFail: Run = async (context) => {
      await takeOne(context)
      throw new Error('the disk is full')
    }
    const { clock, cursors, abort, ended } = start(false, broken, broken, takeAndFail, waitForAbort)
    const waits = [500, 1_000, 500]
    for (const [n, waitMs] of waits.entries()) {
      await until(() => cursors.length === n + 1)
      await setImmediate()
      clock.advance(waitMs - 1)
      await setImmediate()
      expect(cursors).toHaveLength(n + 1)
      clock.advance(1)
    }
    await until(() => cursors.length === 4)
    expect(cursors).toEqual(['after 0', 'after 0', 'after 0', 'after 1'])
    abort.abort()
    await ended
  })

  it('is taken again if another run took it, which is no error', async () => {
    let fence = () => {}
    const fenced: Run = async () => {
      fence()
      throw new UserError('another run has taken the source')
    }
    const { clock, cursors, claims, log, abort, ended } = start(true, fenced, waitForAbort)
    fence = () => claims[0]!.record('fenced', true)
    await until(() => cursors.length === 1)
    await setImmediate()
    clock.advance(500)
    await until(() => cursors.length === 2)
    expect(claims[1]!.isFenced).toBe(false)
    expect(log.lines).toEqual([{ level: 'warn', message: 'another run took the source; taking it again' }])
    abort.abort()
    await ended
  })

  it('ends the run if it cannot be read at all', async () => {
    const { ended } = start(false, fail(new UserError('no such folder')))
    await expect(ended).rejects.toThrow('no such folder')
  })

  it('is restarted if it has delivered events before, because it may be readable again', async () => {
    const unreadable = fail(new UserError("can't be read"))
    const worked: Run = async (context) => {
      await takeOne(context)
      await unreadable(context)
    }
    const { ended, clock, cursors, log, abort } = start(false, worked, unreadable, waitForAbort)
    for (const n of [1, 2]) {
      await until(() => cursors.length === n)
      await setImmediate()
      clock.advance(30_000)
    }
    await until(() => cursors.length === 3)
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'error'])
    abort.abort()
    await ended
  })

  it('counts as working once it has started', async () => {
    const unreadable = fail(new UserError("can't be read"))
    const begun: Run = async (context) => {
      await context.commitCursor('1')
      await unreadable(context)
    }
    const { ended, clock, cursors, abort } = start(false, begun, waitForAbort)
    await until(() => cursors.length === 1)
    await setImmediate()
    clock.advance(30_000)
    await until(() => cursors.length === 2)
    abort.abort()
    await ended
  })

  it('ends the run even after it worked if the source is expected to end', async () => {
    const { ended } = start(true, async (context) => {
      await takeOne(context)
      throw new UserError('read only in part')
    })
    await expect(ended).rejects.toThrow('read only in part')
  })
})
