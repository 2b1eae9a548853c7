import { describe, expect, it } from 'vitest'
import { createFallbackDeliveries } from '../../src/delivery/fallback/fallback-deliveries.ts'
import { deliveryId } from '../../src/model/alerts/alert.ts'
import { destination, registry } from '../support/model.ts'

const lost = {
  id: 'lost-1',
  kind: 'single' as const,
  reason: 'static-severity',
  destinationKey: 'a',
  alertIds: ['alert-1'],
}
const declared = registry(
  [destination('a'), destination('b', { id: 'uuid-b' }), destination('off', { enabled: false })],
  { fallback: ['a', 'b', 'off'] },
)

describe('[DEL-5.4] fallback deliveries', () => {
  it('a fallback delivery goes to the enabled fallbacks but never back, under the key of that pair', () => {
    expect(createFallbackDeliveries(declared, lost, 'a is dead: 400', 5)).toEqual([
      {
        id: deliveryId('alert-1', 'uuid-b'),
        alertId: 'alert-1',
        destinationKey: 'uuid-b',
        destination: 'b',
        due: 5,
        createdAt: 5,
        reason: 'fallback: a is dead: 400',
      },
    ])
  })

  it('a fallback delivery has every alert of a digest', () => {
    const digest = { ...lost, alertIds: ['alert-1', 'alert-2'] }
    expect(createFallbackDeliveries(declared, digest, 'why', 5).map(({ alertId }) => alertId)).toEqual([
      'alert-1',
      'alert-2',
    ])
  })

  it.each([
    ['is an update', declared, { ...lost, kind: 'update' as const }],
    ['is a fallback delivery itself', declared, { ...lost, reason: 'fallback: b is dead: 500' }],
    ['has no fallback', registry([destination('a')]), lost],
  ])('no fallback delivery is made for a delivery that %s', (_, to, what) =>
    expect(createFallbackDeliveries(to, what, 'why', 5)).toEqual([]),
  )
})
