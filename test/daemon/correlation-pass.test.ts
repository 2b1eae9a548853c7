/** A correlation rule's looks at stored signals: once each match, whatever came late, and across crashes. */
import { describe, expect, it } from 'vitest'
import { correlate, initializeCursor } from '../../src/daemon/correlation-pass.ts'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { correlationHouse, MINUTE, pairing } from '../support/correlation.ts'
import { expecting, plan, signal } from '../support/store-rows.ts'

const AB = pairing(['A', 'B'])
const A_NOT_B = pairing(['A', '!B'])

describe('a match', () => {
  it('makes one alert, routed by the log types of all members, that names its signals', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    await house.happens('B', 'ann', 1)
    await house.lookAt(2)
    await house.lookAt(5)
    const [alert, ...more] = await house.store.alerts({ limit: 5 })
    expect([alert?.kind, alert?.logTypes, alert?.dedup, more]).toEqual([
      'CORRELATION_RULE',
      ['Log.A', 'Log.B'],
      'ann',
      [],
    ])
    expect((await house.store.deliveries({ limit: 5 })).map((row) => row.destination)).toEqual(['soc'])
    expect((JSON.parse(alert!.notification) as Notification).alertContext).toEqual({
      match: 'ann',
      count: 2,
      signals: [
        { step: 'A', rule: 'A', time: '2026-01-01T00:00:00.000Z', rowId: 'row-0' },
        { step: 'B', rule: 'B', time: '2026-01-01T00:01:00.000Z', rowId: 'row-1' },
      ],
    })
  })

  it('is a signal itself, for other correlation rules to compare', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    await house.happens('B', 'ann', 1)
    await house.lookAt(2)
    const [alert] = await house.store.alerts({ limit: 5 })
    const fields = '{"p_alert_context.match":"ann"}'
    expect(await house.store.signals({ detections: ['AB'], limit: 5 })).toMatchObject([
      { alertId: alert!.id, fields, happenedAt: alert!.createdAt - MINUTE },
    ])
  })

  it('is found across two looks, and out of order', async () => {
    const house = await correlationHouse(AB)
    await house.happens('B', 'ann', 9)
    await house.lookAt(10)
    expect(await house.alerts()).toEqual([])
    await house.happens('A', 'ann', 0)
    await house.lookAt(15)
    expect(await house.alerts()).toEqual(['ann x1'])
  })

  it('is found when a part of it comes days late', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    for (const minute of [5, 2000, 4000]) await house.lookAt(minute)
    await house.happens('B', 'ann', 10)
    await house.lookAt(4005)
    expect(await house.alerts()).toEqual(['ann x1'])
  })

  it('is found beside records with wrong clocks, without all that lies between', async () => {
    const house = await correlationHouse(AB)
    const asked: number[] = []
    const store: typeof house.ports.store = {
      ...house.store,
      signals: async (filter) => {
        const found = await house.store.signals(filter)
        if (filter.happened) asked.push(found.length)
        return found
      },
    }
    for (let minute = -300; minute < -100; minute++) await house.happens('A', 'ann', minute)
    await house.lookAt(0)
    for (const minute of [-10_000, 1, 1_000_000]) await house.happens('A', 'ann', minute)
    await house.happens('B', 'ann', 2)
    await house.lookAt(5, { store })
    expect([await house.alerts(), asked]).toEqual([['ann x1'], [1, 2, 1]])
  })

  it('ends with the window, to the millisecond', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    await house.happens('B', 'ann', 10 + 1 / MINUTE)
    await house.happens('A', 'bob', 0)
    await house.happens('B', 'bob', 10)
    await house.lookAt(15)
    expect(await house.alerts()).toEqual(['bob x1'])
  })

  it('grows by what joins it while its alert is open', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    await house.happens('B', 'ann', 1)
    await house.lookAt(2)
    await house.happens('B', 'ann', 3)
    await house.lookAt(5)
    expect(await house.alerts()).toEqual(['ann x2'])
  })

  it('does not look back to signals from before the rule, but counts them with new ones', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'old', 0)
    await house.happens('B', 'old', 0)
    await house.happens('A', 'ann', 0)
    const rule = { id: 'New', correlation: AB, signalFields: [] }
    await initializeCursor(rule, house.clock.now(), house.ports)
    await house.happens('B', 'ann', 5)
    const found: string[] = []
    const admit: typeof house.ports.admit = async (findings) => {
      found.push(...findings.map(({ functions }) => functions.dedup!.output!))
    }
    await correlate(
      rule,
      { now: house.clock.now(), intervalMs: 5 * MINUTE, slot: null },
      { ...house.ports, admit },
    )
    expect(found).toEqual(['ann'])
  })

  it('is found in a backlog that is larger than one look, once for each value', async () => {
    const house = await correlationHouse(AB)
    const signals = Array.from({ length: 10_500 }, (_, n) =>
      signal(`many-${n}`, {
        detection: n % 2 ? 'B' : 'A',
        happenedAt: house.clock.now(),
        fields: JSON.stringify({ user: n < 10_400 && n % 2 ? 'nobody' : `user-${n >> 1}` }),
      }),
    )
    await house.store.commit(plan({ signals }), expecting())
    await house.lookAt(5)
    await house.lookAt(10)
    expect(await house.alerts()).toEqual(Array.from({ length: 50 }, (_, n) => `user-${5200 + n} x1`).sort())
  })
})

describe('an absence', () => {
  it('is judged once, when the wait is over', async () => {
    const house = await correlationHouse(A_NOT_B)
    await house.happens('A', 'ann', 2)
    await house.lookAt(5)
    expect(await house.alerts()).toEqual([])
    await house.lookAt(7)
    expect(await house.alerts()).toEqual(['ann x1'])
    for (const minute of [8, 10, 20, 40]) await house.lookAt(minute)
    expect(await house.alerts()).toEqual(['ann x1'])
  })

  it.each([
    ['before it', -8],
    ['with it', 2],
    ['after it', 6],
  ])('is none when what must be absent came %s', async (_, minute) => {
    const house = await correlationHouse(A_NOT_B)
    await house.happens('B', 'ann', minute)
    await house.happens('A', 'ann', 2)
    for (const at of [5, 10, 15, 30]) await house.lookAt(at)
    expect(await house.alerts()).toEqual([])
  })

  it('waits as long again as its own signal came late', async () => {
    const house = await correlationHouse(A_NOT_B)
    await house.lookAt(10)
    await house.happens('A', 'ann', 2)
    await house.lookAt(12)
    expect(await house.alerts()).toEqual([])
    await house.happens('B', 'ann', 4)
    for (const at of [15, 20, 30]) await house.lookAt(at)
    expect(await house.alerts()).toEqual([])
  })

  it('of what came later than a window is judged at once, with what has come', async () => {
    const house = await correlationHouse(A_NOT_B)
    await house.happens('B', 'bob', 3)
    await house.lookAt(5000)
    await house.happens('A', 'ann', 0)
    await house.happens('A', 'bob', 0)
    await house.lookAt(5001)
    await house.lookAt(5010)
    expect(await house.alerts()).toEqual(['ann x1'])
  })

  it('is judged of all the signals of a match, also those from long before the last look', async () => {
    const house = await correlationHouse(pairing(['A', 'C', '!B']))
    await house.happens('A', 'ann', 0)
    await house.happens('C', 'ann', 10)
    for (const minute of [11, 14, 15]) await house.lookAt(minute)
    expect(await house.alerts()).toEqual(['ann x1'])
  })

  it('is judged by the first look after a pause in which nobody looked', async () => {
    const house = await correlationHouse(A_NOT_B)
    await house.happens('A', 'ann', 2)
    await house.lookAt(3)
    await house.lookAt(5000)
    expect(await house.alerts()).toEqual(['ann x1'])
  })
})

describe('a crash', () => {
  it('before the commit repeats the look, and makes one alert', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    await house.happens('B', 'ann', 1)
    const admit = () => Promise.reject(new Error('killed'))
    await expect(house.lookAt(2, { admit })).rejects.toThrow('killed')
    await house.lookAt(5)
    await house.lookAt(10)
    expect(await house.alerts()).toEqual(['ann x1'])
  })

  it('right after the commit repeats nothing', async () => {
    const house = await correlationHouse(AB)
    await house.happens('A', 'ann', 0)
    await house.happens('B', 'ann', 1)
    const admit: typeof house.ports.admit = async (findings, cursor) => {
      await house.ports.admit(findings, cursor)
      throw new Error('killed')
    }
    await expect(house.lookAt(2, { admit })).rejects.toThrow('killed')
    await house.lookAt(5)
    expect(await house.alerts()).toEqual(['ann x1'])
  })
})

it('a rule whose cursor could not be begun begins with its first look', async () => {
  const house = await correlationHouse(AB)
  const late = { ...house.rule, id: 'Late' }
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  const found: number[] = []
  const admit: typeof house.ports.admit = async (findings, cursor) => {
    found.push(findings.length)
    await house.ports.admit([], cursor)
  }
  const look = { now: house.clock.now(), intervalMs: 5 * MINUTE, slot: null }
  for (let n = 0; n < 2; n++) await correlate(late, look, { ...house.ports, admit })
  await house.happens('B', 'ann', 2)
  await correlate(late, look, { ...house.ports, admit })
  expect(found).toEqual([0, 1])
})

it('a slot is taken by one of several daemons', async () => {
  const house = await correlationHouse(AB)
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  let looks = 0
  const admit: typeof house.ports.admit = async () => void looks++
  for (let daemon = 0; daemon < 3; daemon++) await house.lookAt(5, { admit }, '00:05')
  expect(looks).toBe(1)
})
