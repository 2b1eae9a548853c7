/** Runs the passes of the correlation rules that this daemon evaluates: each by its own schedule, one pass at a time. */
import type { CorrelationRule } from '../../correlation/correlation-decision.ts'
import { nextSlot, runInSlots } from '../../correlation/schedule-slots.ts'
import { messageOf } from '../../errors.ts'
import type { Project } from '../../model/project/project.ts'
import {
  type CorrelationPassPorts,
  initializeCursor,
  ruleCursorName,
  runCorrelationPass,
} from '../../pipeline/correlation-pass.ts'
import { createRuleLeases, type RuleLeasePorts } from './rule-leases.ts'

type SchedulerPorts = CorrelationPassPorts &
  RuleLeasePorts & { readonly store: CorrelationPassPorts['store'] & RuleLeasePorts['store'] }

export interface CorrelationScheduler {
  /** Replaces the rules. Resolves when each of them has evaluated the signals that came while no pass ran. */
  follow(project: Pick<Project, 'detections'>): Promise<void>
  /** Runs a pass of every rule that this daemon evaluates now, before its next slot. Never rejects. */
  runAll(): Promise<void>
  /** Starts no more passes. Resolves when the running pass has ended, and other daemons can evaluate the rules. */
  stop(): Promise<void>
}

export function createCorrelationScheduler(ports: SchedulerPorts): CorrelationScheduler {
  const { clock, log, store } = ports
  const leases = createRuleLeases(ports)
  const passPorts: CorrelationPassPorts = {
    ...ports,
    store: {
      take: (source) => leases.take(source),
      signals: (filter) => store.signals(filter),
      signalHorizon: () => store.signalHorizon(),
      partitions: () => store.partitions(),
    },
  }
  let rules: readonly CorrelationRule[] = []
  let following = new AbortController()
  let last: Promise<unknown> = Promise.resolve()

  const enqueue = (rule: CorrelationRule, task: () => Promise<void>): Promise<void> => {
    const run = last.then(async () => {
      // Another daemon evaluates it.
      if (leases.holds(ruleCursorName(rule))) await task()
    })
    const logged = run.catch((error: unknown) => {
      log.error({ detection: rule.id, error: messageOf(error) }, 'correlation pass failed')
    })
    last = logged
    return logged
  }
  const runNow = (rule: CorrelationRule) =>
    enqueue(rule, () => {
      const now = clock.now()
      const { intervalMs } = nextSlot(rule.correlation.schedule, now)
      return runCorrelationPass(rule, { now, intervalMs }, passPorts)
    })

  const watch = (rule: CorrelationRule, signal: AbortSignal) =>
    runInSlots(rule.correlation.schedule, clock, signal, ({ intervalMs }) =>
      enqueue(rule, () => runCorrelationPass(rule, { now: clock.now(), intervalMs }, passPorts)),
    )

  const stop = async () => {
    following.abort()
    await leases.stop(() => last)
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
      const byCursor = new Map(rules.map((rule) => [ruleCursorName(rule), rule]))
      // A rule of a daemon that has ended is evaluated at once.
      await leases.start([...byCursor.keys()], (source) => void runNow(byCursor.get(source)!))
      await Promise.all(
        rules.map((rule) => enqueue(rule, () => initializeCursor(rule, clock.now(), passPorts))),
      )
      await Promise.all(rules.map(runNow))
      for (const rule of rules) void watch(rule, signal)
    },
    async runAll() {
      await Promise.all(rules.map(runNow))
    },
  }
}
