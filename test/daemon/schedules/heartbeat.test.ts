import { expect, it, onTestFinished } from 'vitest'
import { createHeartbeat, sendHeartbeat } from '../../../src/daemon/schedules/heartbeat.ts'
import type { SystemFinding } from '../../../src/model/alerts/finding.ts'
import { systemClock } from '../../../src/model/ports.ts'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { openStore } from '../../../src/store/open.ts'
import { manualClock } from '../../support/clock.ts'
import { destination, project, registry } from '../../support/model.ts'
import { recordingLog } from '../../support/source.ts'
import { until } from '../../support/until.ts'

it('a heartbeat is sent once per slot, however many daemons share the store', async () => {
  const clock = manualClock()
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  const current = project([], registry([destination('inbox')]))
  const daemonPorts = () => {
    const pipeline = createPipeline({ store, project: () => current, onAdmitted: () => {} })
    return { clock, admit: (findings: readonly SystemFinding[]) => pipeline.admitSystem(findings) }
  }
  const [one, other] = [daemonPorts(), daemonPorts()]
  const heartbeat = { cron: '* * * * *', destinations: ['inbox'] }
  const slot = new Date(clock.now())
  await Promise.all([sendHeartbeat(heartbeat, slot, one), sendHeartbeat(heartbeat, slot, other)])
  // The other daemon is late, and its heartbeat has the same slot.
  clock.advance(1_500)
  await sendHeartbeat(heartbeat, slot, other)
  await sendHeartbeat(heartbeat, new Date(slot.getTime() + 60_000), one)
  const alerts = await store.alerts({ limit: 10 })
  expect(alerts.map(({ kind, dedup, events }) => ({ kind, dedup, events }))).toEqual([
    { kind: 'HEARTBEAT', dedup: '2026-01-01T00:01:00.000Z', events: 1 },
    { kind: 'HEARTBEAT', dedup: '2026-01-01T00:00:00.000Z', events: 1 },
  ])
  expect(await store.deliveries({ limit: 10 })).toHaveLength(2)
  await store.close()
})

it('a heartbeat whose commit failed can be sent by another daemon', async () => {
  const clock = manualClock()
  const heartbeat = { cron: '* * * * *', destinations: ['inbox'] }
  const slot = new Date(clock.now())
  const busy = () => Promise.reject(new Error('the store is busy'))
  await expect(sendHeartbeat(heartbeat, slot, { clock, admit: busy })).rejects.toThrow('busy')
  const admitted: SystemFinding[] = []
  await sendHeartbeat(heartbeat, slot, { clock, admit: async (findings) => void admitted.push(...findings) })
  expect(admitted).toMatchObject([{ kind: 'HEARTBEAT', dedup: '2026-01-01T00:00:00.000Z' }])
})

it('the heartbeat follows the last schedule, and a failure is logged', async () => {
  const log = recordingLog()
  const heartbeat = createHeartbeat({
    clock: systemClock,
    admit: () => Promise.reject(new Error('the store is busy')),
    log,
  })
  await heartbeat.follow({ cron: '0 0 1 1 *', destinations: [] })
  await heartbeat.follow({ cron: '* * * * * *', destinations: [] })
  await until(() => log.lines.length > 0)
  await heartbeat.follow(null)
  expect(log.lines[0]).toEqual({ level: 'error', message: 'failed to send the heartbeat' })
})

it('a heartbeat that is late by less than a minute is sent, and a later one is not', async () => {
  let lateMs = 0
  const sent: number[] = []
  const slots: number[] = []
  const heartbeat = createHeartbeat({
    // The process sleeps for longer than it asked, as on a busy machine.
    clock: {
      now: () => Date.now() + lateMs,
      sleep: async (ms, signal) => {
        await systemClock.sleep(ms, signal)
        lateMs = lateMs === 0 ? 70_000 : 50_000
      },
    },
    admit: async () => void sent.push(lateMs),
    log: recordingLog(),
    onSent: (slot) => void slots.push(slot),
  })
  onTestFinished(() => heartbeat.stop())
  await heartbeat.follow({ cron: '* * * * * *', destinations: [] })
  await until(() => slots.length > 0)
  expect(sent[0]).toBe(50_000)
  expect(slots[0]! % 1_000).toBe(0)
})
