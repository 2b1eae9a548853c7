import { expect, it } from 'vitest'
import { createReadiness } from '../../src/daemon/readiness.ts'
import { manualClock } from '../support/clock.ts'

const PARTS = {
  clock: manualClock(),
  draining: new AbortController().signal,
  sources: [],
  unavailable: (): string[] => [],
}

it('says no until every source has begun', () => {
  const readiness = createReadiness({ ...PARTS, sources: ['file:x', 'stdin'] })
  readiness.sourceStarted('stdin')
  expect(readiness.status()).toEqual({ ok: false, reasons: ['file:x has not begun'] })
  readiness.sourceStarted('file:x')
  expect(readiness.status()).toEqual({ ok: true, reasons: [] })
})

it('says no while draining, and after a failure until a success or for ten seconds', () => {
  const clock = manualClock()
  const draining = new AbortController()
  const readiness = createReadiness({ ...PARTS, clock, draining: draining.signal })
  const failed = { ok: false, reasons: ['events could not be taken: the disk is full'] }
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

it('says no for as long as nothing can be evaluated, however long ago the last event was refused', () => {
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
