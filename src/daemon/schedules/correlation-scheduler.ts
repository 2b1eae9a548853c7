/** Runs the passes of all correlation rules: each rule by its own schedule, one pass at a time. */
import type { CorrelationRule } from '../../correlation/correlation-decision.ts'
import { messageOf } from '../../errors.ts'
import type { Clock } from '../../model/ports.ts'
import type { Project } from '../../model/project/project.ts'
import { type CorrelationPassPorts, initializeCursor, runCorrelationPass } from './correlation-pass.ts'
import { nextSlot, runInSlots } from './schedule-slots.ts'

interface SchedulerPorts extends CorrelationPassPorts {
  readonly clock: Clock
}

export interface CorrelationScheduler {
  /** Replaces the rules. Resolves when each of them has evaluated the signals that came while no pass ran. */
  follow(project: Pick<Project, 'detections'>): Promise<void>
  /** Runs a pass of every rule now, before its next slot. Never rejects. */
  runAll(): Promise<void>
  /** Starts no more passes. Resolves when the running pass has ended. */
  stop(): Promise<void>
}

export function createCorrelationScheduler(ports: SchedulerPorts): CorrelationScheduler {
  const { clock, log } = ports
  let rules: readonly CorrelationRule[] = []
  let following = new AbortController()
  let last: Promise<unknown> = Promise.resolve()

  const enqueue = (rule: CorrelationRule, task: () => Promise<void>): Promise<void> => {
    const run = last.then(task).catch((error: unknown) => {
      log.error({ detection: rule.id, error: messageOf(error) }, 'correlation pass failed')
    })
    last = run
    return run
  }
  const runNow = (rule: CorrelationRule) =>
    enqueue(rule, () => {
      const now = clock.now()
      const { intervalMs } = nextSlot(rule.correlation.schedule, now)
      return runCorrelationPass(rule, { now, intervalMs }, ports)
    })

  const watch = (rule: CorrelationRule, signal: AbortSignal) =>
    runInSlots(rule.correlation.schedule, clock, signal, ({ intervalMs }) =>
      enqueue(rule, () => runCorrelationPass(rule, { now: clock.now(), intervalMs }, ports)),
    )

  const stop = async () => {
    following.abort()
    await last
  }
  return {
    stop,
    async follow({ detections }) {
      await stop()
      following = new AbortController()
      rules = [...detections.values()].flatMap(({ id, enabled, correlation, signalFields }) =>
        enabled && correlation ? [{ id, correlation, signalFields }] : [],
      )
      const { signal } = following
      await Promise.all(rules.map((rule) => enqueue(rule, () => initializeCursor(rule, clock.now(), ports))))
      await Promise.all(rules.map(runNow))
      for (const rule of rules) void watch(rule, signal)
    },
    async runAll() {
      await Promise.all(rules.map(runNow))
    },
  }
}
