/**
 * Passes of a correlation rule over stored signals: each match is found once, also with late signals and after
 * crashes.
 */
import { describe, expect, it } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { initializeCursor, runCorrelationPass } from '../../src/pipeline/correlation-pass.ts'
import { correlationFixture, MINUTE, pairing } from '../support/correlation.ts'
import { expecting, plan, signal } from '../support/store-rows.ts'

const AB = pairing(['A', 'B'])
const A_NOT_B = pairing(['A', '!B'])

describe('a match of a correlation rule', () => {
  it('makes one alert that is routed by the log types of all members and names its signals', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('B', 'ann', 1)
    await fixture.lookAt(2)
    await fixture.lookAt(5)
    const [alert, ...more] = await fixture.store.alerts({ limit: 5 })
    expect([alert?.kind, alert?.logTypes, alert?.dedup, more]).toEqual([
      'CORRELATION_RULE',
      ['Log.A', 'Log.B'],
      'ann',
      [],
    ])
    expect((await fixture.store.deliveries({ limit: 5 })).map((row) => row.destination)).toEqual(['soc'])
    expect((JSON.parse(alert!.notification) as Notification).alertContext).toEqual({
      match: 'ann',
      count: 2,
      signals: [
        { step: 'A', rule: 'A', time: '2026-01-01T00:00:00.000Z', rowId: 'row-0' },
        { step: 'B', rule: 'B', time: '2026-01-01T00:01:00.000Z', rowId: 'row-1' },
      ],
    })
  })

  it('becomes a signal that other correlation rules can compare', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('B', 'ann', 1)
    await fixture.lookAt(2)
    const [alert] = await fixture.store.alerts({ limit: 5 })
    const fields = '{"p_alert_context.match":"ann"}'
    expect(await fixture.store.signals({ detections: ['AB'], limit: 5 })).toMatchObject([
      { alertId: alert!.id, fields, happenedAt: alert!.createdAt - MINUTE },
    ])
  })

  it('is found across two passes, even if its signals come out of order', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('B', 'ann', 9)
    await fixture.lookAt(10)
    expect(await fixture.alerts()).toEqual([])
    await fixture.happens('A', 'ann', 0)
    await fixture.lookAt(15)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })

  it('is found when one of its signals comes days late', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    for (const minute of [5, 2000, 4000]) await fixture.lookAt(minute)
    await fixture.happens('B', 'ann', 10)
    await fixture.lookAt(4005)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })

  it('is found beside events with wrong times, without reading the signals between them', async () => {
    const fixture = await correlationFixture(AB)
    const asked: number[] = []
    const store: typeof fixture.ports.store = {
      ...fixture.store,
      signals: async (filter) => {
        const found = await fixture.store.signals(filter)
        if (filter.happened) asked.push(found.length)
        return found
      },
    }
    for (let minute = -300; minute < -100; minute++) await fixture.happens('A', 'ann', minute)
    await fixture.lookAt(0)
    for (const minute of [-10_000, 1, 1_000_000]) await fixture.happens('A', 'ann', minute)
    await fixture.happens('B', 'ann', 2)
    await fixture.lookAt(5, { store })
    expect([await fixture.alerts(), asked]).toEqual([['ann x1'], [1, 2, 1]])
  })

  it('is limited to the window, to the millisecond', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('B', 'ann', 10 + 1 / MINUTE)
    await fixture.happens('A', 'bob', 0)
    await fixture.happens('B', 'bob', 10)
    await fixture.lookAt(15)
    expect(await fixture.alerts()).toEqual(['bob x1'])
  })

  it('gets the signals that join it while its alert is open', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('B', 'ann', 1)
    await fixture.lookAt(2)
    await fixture.happens('B', 'ann', 3)
    await fixture.lookAt(5)
    expect(await fixture.alerts()).toEqual(['ann x2'])
  })

  it('is not found among signals from before the rule only, but counts them together with new ones', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'old', 0)
    await fixture.happens('B', 'old', 0)
    await fixture.happens('A', 'ann', 0)
    const rule = { id: 'New', correlation: AB, signalFields: [] }
    await initializeCursor(rule, fixture.clock.now(), fixture.ports)
    await fixture.happens('B', 'ann', 5)
    const found: string[] = []
    const admit: typeof fixture.ports.admit = async (findings) => {
      found.push(...findings.map(({ functions }) => functions.dedup!.output!))
    }
    await runCorrelationPass(
      rule,
      { now: fixture.clock.now(), intervalMs: 5 * MINUTE },
      { ...fixture.ports, admit },
    )
    expect(found).toEqual(['ann'])
  })

  it('is found once for each value in a backlog that is larger than one page', async () => {
    const fixture = await correlationFixture(AB)
    const signals = Array.from({ length: 10_500 }, (_, n) =>
      signal(`many-${n}`, {
        detection: n % 2 ? 'B' : 'A',
        happenedAt: fixture.clock.now(),
        fields: JSON.stringify({ user: n < 10_400 && n % 2 ? 'nobody' : `user-${n >> 1}` }),
      }),
    )
    await fixture.store.commit(plan({ signals }), expecting())
    await fixture.lookAt(5)
    await fixture.lookAt(10)
    expect(await fixture.alerts()).toEqual(Array.from({ length: 50 }, (_, n) => `user-${5200 + n} x1`).sort())
  })
})

describe('an absence in a correlation rule', () => {
  it('is evaluated once, when the wait is over', async () => {
    const fixture = await correlationFixture(A_NOT_B)
    await fixture.happens('A', 'ann', 2)
    await fixture.lookAt(5)
    expect(await fixture.alerts()).toEqual([])
    await fixture.lookAt(7)
    expect(await fixture.alerts()).toEqual(['ann x1'])
    for (const minute of [8, 10, 20, 40]) await fixture.lookAt(minute)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })

  it.each([
    ['before it', -8],
    ['with it', 2],
    ['after it', 6],
  ])('an absence is not found if the event that must be absent came %s', async (_, minute) => {
    const fixture = await correlationFixture(A_NOT_B)
    await fixture.happens('B', 'ann', minute)
    await fixture.happens('A', 'ann', 2)
    for (const at of [5, 10, 15, 30]) await fixture.lookAt(at)
    expect(await fixture.alerts()).toEqual([])
  })

  it('waits longer by the delay of its own signal', async () => {
    const fixture = await correlationFixture(A_NOT_B)
    await fixture.lookAt(10)
    await fixture.happens('A', 'ann', 2)
    await fixture.lookAt(12)
    expect(await fixture.alerts()).toEqual([])
    await fixture.happens('B', 'ann', 4)
    for (const at of [15, 20, 30]) await fixture.lookAt(at)
    expect(await fixture.alerts()).toEqual([])
  })

  it('is evaluated immediately if its first signal came later than a window', async () => {
    const fixture = await correlationFixture(A_NOT_B)
    await fixture.happens('B', 'bob', 3)
    await fixture.lookAt(5000)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('A', 'bob', 0)
    await fixture.lookAt(5001)
    await fixture.lookAt(5010)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })

  it('is evaluated over all signals of a match, even those from long before the last pass', async () => {
    const fixture = await correlationFixture(pairing(['A', 'C', '!B']))
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('C', 'ann', 10)
    for (const minute of [11, 14, 15]) await fixture.lookAt(minute)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })

  it('is evaluated by the first pass after a time without passes', async () => {
    const fixture = await correlationFixture(A_NOT_B)
    await fixture.happens('A', 'ann', 2)
    await fixture.lookAt(3)
    await fixture.lookAt(5000)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })
})

describe('absence while a partition is behind', () => {
  /** A partition whose reader said at a minute that it had read everything. */
  const behind = async (fixture: Awaited<ReturnType<typeof correlationFixture>>) => {
    const claim = { sources: ['kafka:a#0'], limit: 1, leaseMs: 1_000 * MINUTE, member: 'm' }
    const [held] = await fixture.store.claimPartitions(claim)
    return (caughtUpAgoMs: number) =>
      fixture.store.extendPartitions([{ ...held!, problem: null, lag: 9, caughtUpAgoMs }], 1_000 * MINUTE)
  }

  it('is evaluated when the partition has caught up, and not if it brings the event', async () => {
    const fixture = await correlationFixture(A_NOT_B)
    const reached = await behind(fixture)
    await fixture.happens('A', 'ann', 2)
    await fixture.happens('A', 'bob', 2)
    await reached(0)
    for (const minute of [15, 20, 25]) await fixture.lookAt(minute)
    expect(await fixture.alerts()).toEqual([])
    await fixture.happens('B', 'ann', 5)
    await reached(0)
    for (const minute of [25, 30, 35]) await fixture.lookAt(minute)
    expect(await fixture.alerts()).toEqual(['bob x1'])
  })

  it('is evaluated after an hour all the same, with a warning', async () => {
    const fixture = await correlationFixture(A_NOT_B)
    const reached = await behind(fixture)
    await fixture.happens('A', 'ann', 2)
    await reached(0)
    await fixture.lookAt(60)
    expect(await fixture.alerts()).toEqual([])
    await fixture.lookAt(80)
    expect(await fixture.alerts()).toEqual(['ann x1'])
    expect(fixture.log.lines.map(({ message }) => message)).toContain(
      'absence is evaluated although partitions are behind by more than an hour',
    )
  })
})

describe('a crash during a correlation pass', () => {
  it('repeats the pass if it came before the commit, and makes one alert', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('B', 'ann', 1)
    const admit = () => Promise.reject(new Error('killed'))
    await expect(fixture.lookAt(2, { admit })).rejects.toThrow('killed')
    await fixture.lookAt(5)
    await fixture.lookAt(10)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })

  it('repeats nothing if it came right after the commit', async () => {
    const fixture = await correlationFixture(AB)
    await fixture.happens('A', 'ann', 0)
    await fixture.happens('B', 'ann', 1)
    const admit: typeof fixture.ports.admit = async (findings, claim, cursor) => {
      await fixture.ports.admit(findings, claim, cursor)
      throw new Error('killed')
    }
    await expect(fixture.lookAt(2, { admit })).rejects.toThrow('killed')
    await fixture.lookAt(5)
    expect(await fixture.alerts()).toEqual(['ann x1'])
  })
})

it('a correlation rule whose cursor could not be initialized starts with its first pass', async () => {
  const fixture = await correlationFixture(AB)
  const late = { ...fixture.rule, id: 'Late' }
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  const found: number[] = []
  const admit: typeof fixture.ports.admit = async (findings, claim, cursor) => {
    found.push(findings.length)
    await fixture.ports.admit([], claim, cursor)
  }
  const look = { now: fixture.clock.now(), intervalMs: 5 * MINUTE }
  for (let n = 0; n < 2; n++) await runCorrelationPass(late, look, { ...fixture.ports, admit })
  await fixture.happens('B', 'ann', 2)
  await runCorrelationPass(late, look, { ...fixture.ports, admit })
  expect(found).toEqual([0, 1])
})

it('several daemons that run the pass of one slot commit its findings once', async () => {
  const fixture = await correlationFixture(AB)
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  let looks = 0
  const admit: typeof fixture.ports.admit = async (...admitted) => {
    looks++
    await fixture.ports.admit(...admitted)
  }
  for (let daemon = 0; daemon < 3; daemon++) await fixture.lookAt(5, { admit })
  expect(looks).toBe(1)
  expect(await fixture.alerts()).toEqual(['ann x1'])
})

it('two passes of a rule that begin together make one alert with its events counted once', async () => {
  const fixture = await correlationFixture(AB)
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const admit: typeof fixture.ports.admit = async (...admitted) => {
    reached.resolve()
    await released.promise
    await fixture.ports.admit(...admitted)
  }
  const late = fixture.lookAt(2, { admit })
  await reached.promise
  await fixture.lookAt(2)
  released.resolve()
  await late
  expect(await fixture.alerts()).toEqual(['ann x1'])
  expect(await fixture.store.signals({ detections: ['AB'], limit: 5 })).toHaveLength(1)
})

it('a signal that is committed while a pass reads belongs to the next pass, so its match is found once', async () => {
  const fixture = await correlationFixture(AB)
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  const { store } = fixture
  let reads = 0
  const interrupted: typeof fixture.ports.store = {
    ...store,
    signals: async (filter) => {
      if (++reads === 2) await fixture.happens('A', 'ann', 2)
      return store.signals(filter)
    },
  }
  await fixture.lookAt(5, { store: interrupted })
  const [first] = await store.alerts({ limit: 5 })
  expect(JSON.parse(first!.notification)).toMatchObject({ alertContext: { count: 2 } })
  await fixture.lookAt(6)
  expect(await fixture.alerts()).toEqual(['ann x2'])
})
