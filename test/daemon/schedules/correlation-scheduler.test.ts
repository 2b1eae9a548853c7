/** Correlation passes run by their schedules, at the start and on request, and are repeated after failures. */
import { expect, it } from 'vitest'
import { createCorrelationScheduler } from '../../../src/daemon/schedules/correlation-scheduler.ts'
import { systemClock } from '../../../src/model/ports.ts'
import { correlationFixture, MINUTE, pairing } from '../../support/correlation.ts'
import { until } from '../../support/until.ts'

const AB = pairing(['A', 'B'])

it('a correlation pass runs when its schedule is due, and not before', async () => {
  const fixture = await correlationFixture(AB)
  const correlations = createCorrelationScheduler({ ...fixture.ports, clock: fixture.clock })
  fixture.clock.advance(MINUTE)
  await correlations.follow(fixture.project)
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  fixture.clock.advance(3 * MINUTE)
  expect(await fixture.alerts()).toEqual([])
  fixture.clock.advance(MINUTE)
  await until(async () => (await fixture.alerts()).length > 0)
  expect(await fixture.alerts()).toEqual(['ann x1'])
  await correlations.stop()
})

it('a correlation pass runs at the start and on request', async () => {
  const fixture = await correlationFixture(AB)
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  const correlations = createCorrelationScheduler({ ...fixture.ports, clock: fixture.clock })
  await correlations.follow(fixture.project)
  expect(await fixture.alerts()).toEqual(['ann x1'])
  await fixture.happens('A', 'bob', 0)
  await fixture.happens('B', 'bob', 1)
  await correlations.runAll()
  expect(await fixture.alerts()).toEqual(['ann x1', 'bob x1'])
  await correlations.stop()
})

it('the scheduler follows the rules that it got last', async () => {
  const fixture = await correlationFixture(AB)
  const correlations = createCorrelationScheduler({ ...fixture.ports, clock: fixture.clock })
  await correlations.follow(fixture.project)
  await correlations.follow({ detections: new Map() })
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  await correlations.runAll()
  expect(await fixture.alerts()).toEqual([])
  const disabled = new Map(
    [...fixture.project.detections].map(([id, rule]) => [id, { ...rule, enabled: false }]),
  )
  await correlations.follow({ detections: disabled })
  expect(await fixture.alerts()).toEqual([])
  await correlations.stop()
})

it('a failed correlation pass is logged and repeated', async () => {
  const fixture = await correlationFixture(AB)
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  let failures = 1
  const correlations = createCorrelationScheduler({
    ...fixture.ports,
    clock: fixture.clock,
    admit: (...admitted) =>
      failures-- > 0 ? Promise.reject(new Error('the disk is full')) : fixture.ports.admit(...admitted),
  })
  await correlations.follow(fixture.project)
  expect(fixture.log.lines).toEqual([{ level: 'error', message: 'correlation pass failed' }])
  await correlations.runAll()
  expect(await fixture.alerts()).toEqual(['ann x1'])
  await correlations.stop()
})

it('a correlation rule can have a cron schedule', async () => {
  const fixture = await correlationFixture(pairing(['A', 'B'], { schedule: { cron: '* * * * * *' } }))
  await fixture.happens('A', 'ann', 0)
  await fixture.happens('B', 'ann', 1)
  const looks: number[] = []
  const correlations = createCorrelationScheduler({
    ...fixture.ports,
    clock: systemClock,
    admit: async () => void looks.push(systemClock.now()),
  })
  await correlations.follow(fixture.project)
  await until(() => looks.length > 1)
  await correlations.stop()
  expect(looks.length).toBeGreaterThan(1)
})
