import { describe, expect, it } from 'vitest'
import { pause, pauseCreditMs, resume } from '../../src/delivery/destination-state/pauses.ts'
import type { DestinationState } from '../../src/store/store.ts'

const fresh: DestinationState = {
  pausedAt: null,
  pausedReason: '',
  probeAt: null,
  failures: 0,
  tokens: null,
  tokensAt: null,
}
const NOW = 1_000_000

describe('pause', () => {
  it('keeps its beginning when it is confirmed, and the span when it ends', () => {
    const confirmed = pause(pause(fresh, '401', NOW), '403', NOW + 5)
    expect(confirmed).toMatchObject({ pausedAt: NOW, pausedReason: '403' })
    expect(resume(confirmed, NOW + 9)).toEqual({ ...fresh, pauses: [{ from: NOW, to: NOW + 9 }] })
  })

  it('ending a pause that does not exist changes nothing', () => expect(resume(fresh, NOW)).toBe(fresh))

  it('the last fifty pauses are kept', () => {
    let state = fresh
    for (let n = 0; n < 60; n++) state = resume(pause(state, '401', n), n + 1)
    expect(state.pauses?.map(({ from }) => from)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10))
  })
})

describe('pauseCreditMs', () => {
  const pauses = [
    { from: 100, to: 200 },
    { from: 300, to: 450 },
  ]
  it.each([
    ['waited through both', { createdAt: 0, due: 50 }, 250],
    ['was made in the first', { createdAt: 150, due: 150 }, 200],
    ['was made between them', { createdAt: 250, due: 250 }, 150],
    ['was touched after the first', { createdAt: 0, due: 260 }, 150],
    ['was touched after both', { createdAt: 0, due: 500 }, 0],
  ])('the pause credit of a delivery that %s', (_, delivery, ms) =>
    expect(pauseCreditMs(delivery, { pauses })).toBe(ms),
  )
})
