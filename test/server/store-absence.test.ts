/** Requests wait for a database that is away only as long as a short interruption takes. */
import { describe, expect, it } from 'vitest'
import { StoreAbsence } from '../../src/server/store-absence.ts'
import { manualClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

const LONG_MS = 60_000

describe('the absence of a store', () => {
  it('has no effect on work that ends during a short interruption', async () => {
    const absence = new StoreAbsence(manualClock())
    const { promise, resolve } = Promise.withResolvers<string>()
    const answer = absence.orAbsence(promise)
    absence.report('away')
    expect([absence.reason, absence.lastingReason]).toEqual(['away', null])
    resolve('done')
    expect(await answer).toBe('done')
  })

  it('that lasts ends the wait of what is under way, and of what comes later', async () => {
    const clock = manualClock()
    const absence = new StoreAbsence(clock)
    const answer = absence.orAbsence(new Promise<string>(() => {}))
    absence.report('away')
    absence.report('still away')
    clock.advance(LONG_MS)
    expect(await answer).toBeNull()
    expect(absence.lastingReason).toBe('still away')
    expect(await absence.orAbsence(Promise.reject(new Error('late')))).toBeNull()
  })

  it('ends with the return of the store, and the next one begins from the start', async () => {
    const clock = manualClock()
    const absence = new StoreAbsence(clock)
    absence.report('away')
    absence.report(null)
    clock.advance(LONG_MS)
    expect([absence.reason, absence.lastingReason]).toEqual([null, null])
    absence.report('away again')
    expect(absence.lastingReason).toBeNull()
    clock.advance(LONG_MS)
    await until(() => absence.lastingReason === 'away again')
    absence.report(null)
    expect(await absence.orAbsence(Promise.resolve('done'))).toBe('done')
  })

  it('lets work fail as it does', async () => {
    const absence = new StoreAbsence(manualClock())
    await expect(absence.orAbsence(Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  })
})
