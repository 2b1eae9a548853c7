import { expect, it } from 'vitest'
import { createReloadStatus } from '../../src/daemon/reload-status.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { manualClock } from '../support/clock.ts'

it('the metrics show whether the last reload succeeded, and when one last succeeded', async () => {
  const clock = manualClock()
  const metrics = createMetrics()
  const status = createReloadStatus(clock)
  metrics.gauges(async () => status.gauges())
  const exposed = async () => {
    const lines = (await metrics.text()).split('\n')
    return lines.filter((line) => line.startsWith('signalbox_config_last_reload'))
  }
  const expected = (isSuccessful: 0 | 1, at: number) => [
    `signalbox_config_last_reload_successful ${isSuccessful}`,
    `signalbox_config_last_reload_success_timestamp_seconds ${at / 1000}`,
  ]
  const startedAt = clock.now()
  expect(await exposed()).toEqual(expected(1, startedAt))
  clock.advance(1500)
  status.recordFailure()
  expect(await exposed()).toEqual(expected(0, startedAt))
  clock.advance(1500)
  status.recordSuccess()
  expect(await exposed()).toEqual(expected(1, startedAt + 3000))
})
