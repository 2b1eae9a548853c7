/** The contract of sources. The test of a source registers it here with a function that gives it input. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { SourceContext } from '../../src/sources/_source.ts'
import { loadSource, openSource, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

export interface Fed {
  /** Resolves when the source has finished with the input: its run ended, or it answered. Rejects if it could not. */
  readonly acknowledged: Promise<unknown>
  /** The promise of the run of the source. */
  readonly ended: Promise<void>
}

export interface SourceFixture {
  readonly from: string
  /** Returns the line of the input in an emitted event; by default the event is the line. */
  readonly lineOf?: (raw: string) => string
  /** How the source refuses the line that is too large. */
  readonly refusal?: { readonly refused: string; readonly position: string }
  /** Runs the source over this input. */
  feed(input: string, context: SourceContext): Promise<Fed>
}

const WINDOW_EVENTS = 2_000
const BATCH = 200
const REFUSAL = { refused: 'event of 2002 bytes exceeds the limit of 1000', position: 'line 3, byte 20' }

export function sourceContract(name: string, fixture: SourceFixture): void {
  const { lineOf = (raw: string) => raw } = fixture
  const feed = async (lines: readonly string[], sink: Sink, more: Partial<SourceContext> = {}) => {
    const abort = new AbortController()
    const context = sourceContext(sink, { signal: abort.signal, ...more })
    const fed = await fixture.feed(lines.map((line) => `${line}\n`).join(''), context)
    return { ...fed, abort }
  }
  const numbered = (count: number) => Array.from({ length: count }, (_, n) => `{"n":${n}}`)

  describe(`${name}, as every source`, () => {
    it('is named after its file and says what it is', async () => {
      const type = await loadSource(name)
      expect(type.scheme).toBe(name)
      expect(type.summary).toMatch(/\S/)
    })

    it('refuses an option it does not know and names the nearest', async () => {
      await expect(openSource(`${fixture.from}?logtype=Okta.SystemLog`)).rejects.toMatchObject({
        message: expect.stringContaining('unknown option "logtype"') as unknown,
        hint: expect.stringContaining('did you mean "logType"') as unknown,
      })
    })

    it('the source reports that it has begun before it emits an event', async () => {
      const sink = new Sink()
      const handedOn: number[] = []
      const begin = async () => void handedOn.push(sink.events.length)
      const { acknowledged, ended, abort } = await feed(numbered(3), sink, { commitCursor: begin })
      await acknowledged
      expect(handedOn).toEqual([0])
      abort.abort()
      await ended
    })

    it('lines are emitted unchanged and in order, and a refused one does not stop the source', async () => {
      const sink = new Sink()
      const lines = ['{"n": 1.0}', 'not json', `"${'x'.repeat(2000)}"`, '{"n":2}']
      const { acknowledged, ended, abort } = await feed(lines, sink)
      await acknowledged
      expect(sink.accepted.map(lineOf)).toEqual(['{"n": 1.0}', 'not json', '{"n":2}'])
      const { refusal = REFUSAL } = fixture
      expect(sink.refused).toMatchObject([refusal])
      abort.abort()
      await ended
    })

    it('acknowledges nothing before it is settled, and keeps at most its window in flight', async () => {
      const sink = new Sink()
      sink.isHeld = true
      const lines = numbered(5000)
      const { acknowledged, ended, abort } = await feed(lines, sink)
      let isAcknowledged = false
      const letGo = acknowledged.then(() => {
        isAcknowledged = true
      })
      for (let next = 0; sink.events.length < lines.length || sink.inFlight > 0; next++) {
        await until(() => sink.emitted.length > next, { what: 'another batch' })
        await setImmediate()
        expect(isAcknowledged).toBe(false)
        sink.emitted[next]!.settle()
      }
      await letGo
      expect(sink.texts.map(lineOf)).toEqual(lines)
      expect(sink.mostEventsInFlight).toBeLessThanOrEqual(WINDOW_EVENTS)
      expect(sink.mostEventsInFlight).toBeGreaterThan(WINDOW_EVENTS - BATCH)
      expect(Math.max(...sink.emitted.map(({ batch }) => batch.length))).toBe(BATCH)
      abort.abort()
      await ended
    })

    it('lets events in flight settle when it must stop', async () => {
      const sink = new Sink()
      sink.isHeld = true
      const { acknowledged, ended, abort } = await feed(numbered(3), sink)
      let hasEnded = false
      const end = ended.then(() => {
        hasEnded = true
      })
      await until(() => sink.events.length === 3)
      abort.abort()
      for (let turn = 0; turn < 10; turn++) await setImmediate()
      expect(hasEnded).toBe(false)
      for (const one of sink.emitted) one.settle()
      await Promise.all([acknowledged, end])
    })

    it('acknowledges nothing that could not be committed', async () => {
      const sink = new Sink()
      sink.isHeld = true
      const { acknowledged, ended, abort } = await feed(numbered(3), sink)
      ended.catch(() => {})
      await until(() => sink.emitted.length > 0)
      for (const one of sink.emitted) one.fail(new Error('the disk is full'))
      await expect(acknowledged).rejects.toThrow()
      abort.abort()
    })
  })
}
