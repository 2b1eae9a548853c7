import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { PartitionStates } from '../../../src/daemon/partitions/partition-states.ts'
import { createMetrics } from '../../../src/server/metrics.ts'
import { describeWithProgram } from '../../support/optional-program.ts'

function fixture() {
  const metrics = createMetrics()
  const states = new PartitionStates(metrics)
  metrics.gauges(async () => states.gauges())
  return { states, text: () => metrics.text() }
}

it('the lag of each partition is exposed, with its sum and maximum, until the partition is given back', async () => {
  const { states, text } = fixture()
  for (const [partition, lag] of Object.entries({ a: 3, b: 40 })) {
    states.set('nats:x', partition, 'behind')
    states.setLag('nats:x', partition, lag)
  }
  states.setUnowned('nats:x', 6)
  const before = await text()
  expect(before).toContain('signalbox_partition_lag{source="nats:x",partition="b"} 40')
  expect(before).toContain('signalbox_source_lag{source="nats:x"} 43')
  expect(before).toContain('signalbox_source_lag_highest{source="nats:x"} 40')
  expect(before).toContain('signalbox_partitions_owned{source="nats:x"} 2')
  expect(before).toContain('signalbox_partitions_unowned{source="nats:x"} 6')
  states.remove('nats:x', 'b')
  const after = await text()
  expect(after).not.toContain('partition="b"')
  expect(after).toContain('signalbox_source_lag{source="nats:x"} 3')
  expect(after).toContain('signalbox_partitions_owned{source="nats:x"} 1')
})

it('at most 200 partitions have a series of their own, and the sum is that of all', async () => {
  const { states, text } = fixture()
  for (let n = 0; n < 300; n++) states.setLag(`nats:${n % 2}`, String(n), 1)
  const lines = (await text()).split('\n')
  expect(lines.filter((line) => line.startsWith('signalbox_partition_lag{'))).toHaveLength(200)
  expect(lines).toContain('signalbox_source_lag{source="nats:1"} 150')
})

it('lost leases, fences and poison are counted', async () => {
  const { states, text } = fixture()
  states.leaseLost('nats:x', 'taken')
  states.leaseLost('nats:x', 'expired')
  states.fenced('nats:x')
  states.poisoned('nats:x', 0)
  states.poisoned('nats:x', 7)
  const exposed = await text()
  expect(exposed).toContain('signalbox_lease_losses_total{source="nats:x",why="taken"} 1')
  expect(exposed).toContain('signalbox_lease_losses_total{source="nats:x",why="expired"} 1')
  expect(exposed).toContain('signalbox_fences_total{source="nats:x"} 1')
  expect(exposed).toContain('signalbox_poison_total{source="nats:x"} 7')
})

describeWithProgram('promtool', 'the metrics of partitions', () => {
  it('are as Prometheus wants them', async () => {
    const { states, text } = fixture()
    states.set('nats:x', 'a', 'behind')
    states.setLag('nats:x', 'a', 1)
    states.setUnowned('nats:x', 0)
    states.leaseLost('nats:x', 'taken')
    states.fenced('nats:x')
    states.poisoned('nats:x', 1)
    const input = await text()
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    })
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })
})
