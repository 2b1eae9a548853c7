import { expect, it } from 'vitest'
import { createMetrics } from '../../src/server/metrics.ts'

it('a metric counts and observes with its declared labels, and drops others', async () => {
  const metrics = createMetrics()
  metrics.count('signalbox_events_total', { source: 'stdin', outcome: 'accepted' }, 3)
  metrics.count('signalbox_events_total', { source: 'stdin', outcome: 'accepted', id: 'x' })
  metrics.count('signalbox_events_total', { outcome: 'rejected' })
  metrics.observe('signalbox_delivery_attempt_seconds', 0.2, { type: 'slack' })
  const text = await metrics.text()
  expect(text).toContain('signalbox_events_total{source="stdin",outcome="accepted"} 4')
  expect(text).toContain('signalbox_events_total{source="",outcome="rejected"} 1')
  expect(text).toContain('signalbox_delivery_attempt_seconds_bucket{le="0.25",type="slack"} 1')
  expect(text).toMatch(/# HELP signalbox_events_total Events by/)
})

it('a metric with an unknown name is accepted, and its series are bounded', async () => {
  const metrics = createMetrics()
  for (let n = 0; n < 1500; n++) metrics.count('made-up.name', { n: String(n) })
  metrics.observe('made-up.name', 1)
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('made_up_name{'))
  expect(lines).toHaveLength(1001)
  expect(lines).toContain('made_up_name{n="other"} 500')
})

it('the series of a gauge are bounded at each scrape, and not over all scrapes', async () => {
  const metrics = createMetrics()
  let from = 0
  metrics.gauges(async () =>
    Array.from({ length: 900 }, (_, n) => ({
      name: 'signalbox_partition_lag',
      value: 1,
      labels: { source: 'nats:x', partition: String(from + n) },
    })),
  )
  for (; from < 2_700; from += 900) {
    const text = await metrics.text()
    expect(text).toContain(`partition="${from + 899}"`)
    expect(text).not.toContain('partition="other"')
  }
})

it('gauges are read for every scrape, and removed values are not exposed', async () => {
  const metrics = createMetrics()
  let paused = ['soc', 'mail']
  metrics.gauges(async () =>
    paused.map((destination) => ({
      name: 'signalbox_destination_paused',
      value: 1,
      labels: { destination },
    })),
  )
  expect(await metrics.text()).toContain('signalbox_destination_paused{destination="mail"} 1')
  paused = ['soc']
  const text = await metrics.text()
  expect(text).toContain('signalbox_destination_paused{destination="soc"} 1')
  expect(text).not.toContain('mail')
})
