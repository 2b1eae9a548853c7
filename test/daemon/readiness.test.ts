import { expect, it } from 'vitest'
import { createReadiness } from '../../src/daemon/readiness.ts'
import { manualClock } from '../support/clock.ts'

const PARTS = {
  clock: manualClock(),
  draining: new AbortController().signal,
  sources: [],
  unavailable: (): string[] => [],
}

it('the daemon is not ready until every source has started', () => {
  const readiness = createReadiness({ ...PARTS, sources: ['file:x', 'stdin'] })
  readiness.sourceStarted('stdin')
  expect(readiness.status()).toEqual({ ok: false, reasons: ['file:x has not started'] })
  readiness.sourceStarted('file:x')
  expect(readiness.status()).toEqual({ ok: true, reasons: [] })
})

it('the daemon is not ready while a source that had started waits to be restarted', () => {
  const readiness = createReadiness({ ...PARTS, sources: ['sqs:x'] })
  readiness.sourceFailed('sqs:x')
  expect(readiness.status().reasons).toEqual(['sqs:x has not started'])
  readiness.sourceStarted('sqs:x')
  readiness.sourceFailed('sqs:x')
  expect(readiness.status()).toEqual({
    ok: false,
    reasons: ['sqs:x failed and will be restarted; the log has the reason'],
  })
  readiness.sourceStarted('sqs:x')
  expect(readiness.status()).toEqual({ ok: true, reasons: [] })
})

it('the daemon is not ready while draining, and after a failure until a success or for ten seconds', () => {
  const clock = manualClock()
  const draining = new AbortController()
  const readiness = createReadiness({ ...PARTS, clock, draining: draining.signal })
  const failed = { ok: false, reasons: ['events could not be accepted: the disk is full'] }
  const ready = { ok: true, reasons: [] }
  expect(readiness.status()).toEqual(ready)
  readiness.intakeFailed(new Error('the disk is full'))
  expect(readiness.status()).toEqual(failed)
  readiness.intakeSucceeded()
  expect(readiness.status()).toEqual(ready)
  readiness.intakeFailed(new Error('the disk is full'))
  clock.advance(9_999)
  expect(readiness.status()).toEqual(failed)
  clock.advance(1)
  expect(readiness.status()).toEqual(ready)
  draining.abort()
  expect(readiness.status()).toEqual({ ok: false, reasons: ['draining'] })
})

it('the daemon is not ready for as long as no event can be evaluated', () => {
  const clock = manualClock()
  let reasons = ['Python does not start: no memory']
  const readiness = createReadiness({ ...PARTS, clock, unavailable: () => reasons })
  readiness.intakeFailed(new Error('Python does not start: no memory'))
  expect(readiness.status()).toEqual({ ok: false, reasons })
  clock.advance(3_600_000)
  expect(readiness.status()).toEqual({ ok: false, reasons })
  reasons = []
  expect(readiness.status()).toEqual({ ok: true, reasons: [] })
})
