/** When correlation rules look: by their schedules, at the start, when asked; and what they do about failures. */
import { expect, it } from 'vitest'
import { createCorrelations } from '../../src/daemon/correlation-scheduler.ts'
import { systemClock } from '../../src/model/ports.ts'
import { correlationHouse, MINUTE, pairing } from '../support/correlation.ts'
import { until } from '../support/until.ts'

const AB = pairing(['A', 'B'])

it('looks when its schedule is due, and not before', async () => {
  const house = await correlationHouse(AB)
  const correlations = createCorrelations({ ...house.ports, clock: house.clock })
  house.clock.advance(MINUTE)
  await correlations.follow(house.project)
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  house.clock.advance(3 * MINUTE)
  expect(await house.alerts()).toEqual([])
  house.clock.advance(MINUTE)
  await until(async () => (await house.alerts()).length > 0)
  expect(await house.alerts()).toEqual(['ann x1'])
  await correlations.stop()
})

it('looks at the start at what came while nobody did, and whenever it is asked', async () => {
  const house = await correlationHouse(AB)
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  const correlations = createCorrelations({ ...house.ports, clock: house.clock })
  await correlations.follow(house.project)
  expect(await house.alerts()).toEqual(['ann x1'])
  await house.happens('A', 'bob', 0)
  await house.happens('B', 'bob', 1)
  await correlations.look()
  expect(await house.alerts()).toEqual(['ann x1', 'bob x1'])
  await correlations.stop()
})

it('follows the rules it is given last', async () => {
  const house = await correlationHouse(AB)
  const correlations = createCorrelations({ ...house.ports, clock: house.clock })
  await correlations.follow(house.project)
  await correlations.follow({ detections: new Map() })
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  await correlations.look()
  expect(await house.alerts()).toEqual([])
  const disabled = new Map(
    [...house.project.detections].map(([id, rule]) => [id, { ...rule, enabled: false }]),
  )
  await correlations.follow({ detections: disabled })
  expect(await house.alerts()).toEqual([])
  await correlations.stop()
})

it('tells of a look that failed, and looks again', async () => {
  const house = await correlationHouse(AB)
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  let failures = 1
  const correlations = createCorrelations({
    ...house.ports,
    clock: house.clock,
    admit: (findings, cursor) =>
      failures-- > 0 ? Promise.reject(new Error('the disk is full')) : house.ports.admit(findings, cursor),
  })
  await correlations.follow(house.project)
  expect(house.log.lines).toEqual([
    { level: 'error', message: 'a correlation rule could not look at its signals' },
  ])
  await correlations.look()
  expect(await house.alerts()).toEqual(['ann x1'])
  await correlations.stop()
})

it('keeps to a calendar too', async () => {
  const house = await correlationHouse(pairing(['A', 'B'], { schedule: { cron: '* * * * * *' } }))
  await house.happens('A', 'ann', 0)
  await house.happens('B', 'ann', 1)
  const looks: number[] = []
  const correlations = createCorrelations({
    ...house.ports,
    clock: systemClock,
    admit: async () => void looks.push(systemClock.now()),
  })
  await correlations.follow(house.project)
  await until(() => looks.length > 1)
  await correlations.stop()
  expect(looks.length).toBeGreaterThan(1)
})
