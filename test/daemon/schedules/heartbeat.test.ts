import { expect, it, onTestFinished } from 'vitest'
import { createHeartbeat, sendHeartbeat } from '../../../src/daemon/schedules/heartbeat.ts'
import type { SystemFinding } from '../../../src/model/alerts/finding.ts'
import { systemClock } from '../../../src/model/ports.ts'
import { openStore } from '../../../src/store/open.ts'
import { manualClock } from '../../support/clock.ts'
import { recordingLog } from '../../support/source.ts'
import { until } from '../../support/until.ts'

it('a heartbeat is sent once per slot, however many daemons share the store', async () => {
  const clock = manualClock()
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  const admitted: SystemFinding[] = []
  const ports = {
    store,
    clock,
    admit: async (findings: readonly SystemFinding[]) => void admitted.push(...findings),
  }
  const heartbeat = { cron: '* * * * *', destinations: ['inbox'] }
  const slot = new Date(clock.now())
  const first = await sendHeartbeat(heartbeat, slot, ports)
  // The other daemon is late, and its heartbeat has the same slot.
  clock.advance(1_500)
  expect([first, await sendHeartbeat(heartbeat, slot, ports)]).toEqual([true, false])
  expect(await sendHeartbeat(heartbeat, new Date(slot.getTime() + 60_000), ports)).toBe(true)
  expect(admitted).toMatchObject([
    { kind: 'HEARTBEAT', destinations: ['inbox'], dedup: '2026-01-01T00:00:00.000Z' },
    { dedup: '2026-01-01T00:01:00.000Z' },
  ])
  await store.close()
})

it('the heartbeat follows the last schedule, and a failure is logged', async () => {
  const log = recordingLog()
  const asked: string[] = []
  const heartbeat = createHeartbeat({
    store: { claimSlot: async (job) => asked.push(job) > 0 },
    clock: systemClock,
    admit: () => Promise.reject(new Error('the store is busy')),
    log,
  })
  await heartbeat.follow({ cron: '0 0 1 1 *', destinations: [] })
  await heartbeat.follow({ cron: '* * * * * *', destinations: [] })
  await until(() => log.lines.length > 0)
  await heartbeat.follow(null)
  expect(log.lines[0]).toEqual({ level: 'error', message: 'failed to send the heartbeat' })
  expect(asked[0]).toBe('heartbeat')
})

it('a heartbeat that is late by less than a minute is sent, and a later one is not', async () => {
  let lateMs = 0
  const claimed: number[] = []
  const heartbeat = createHeartbeat({
    store: { claimSlot: async () => claimed.push(lateMs) > 0 },
    // The process sleeps for longer than it asked, as on a busy machine.
    clock: {
      now: () => Date.now() + lateMs,
      sleep: async (ms, signal) => {
        await systemClock.sleep(ms, signal)
        lateMs = lateMs === 0 ? 70_000 : 50_000
      },
    },
    admit: () => Promise.resolve(),
    log: recordingLog(),
  })
  onTestFinished(() => heartbeat.stop())
  await heartbeat.follow({ cron: '* * * * * *', destinations: [] })
  await until(() => claimed.length > 0)
  expect(claimed[0]).toBe(50_000)
})
