/** A real store with signals, a correlation rule over them, and the alerts that it makes. */

import type { Correlation, CorrelationStep } from '../../src/model/project/correlation-definition.ts'
import {
  type CorrelationPassPorts,
  initializeCursor,
  runCorrelationPass,
} from '../../src/pipeline/correlation-pass.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import { manualClock } from './clock.ts'
import { destination, detection, project, registry } from './model.ts'
import { recordingLog } from './source.ts'
import { expecting, plan, signal } from './store-rows.ts'

export const MINUTE = 60_000
const USER = { name: 'user', key: ['user'] }

/**
 * `A` must occur, and `!A` must not. Signals are compared by their user. The window is 10 minutes, and the schedule
 * is every 5.
 */
export function pairing(steps: readonly string[], over: Partial<Correlation> = {}): Correlation {
  const made = steps.map(
    (text): CorrelationStep => ({
      id: text.replace('!', ''),
      rule: text.replace('!', ''),
      min: 1,
      max: null,
      absent: text.startsWith('!'),
    }),
  )
  return {
    form: 'group',
    steps: made,
    criteria: [{ fields: made.map(({ id }) => ({ step: id, field: USER })) }],
    transitions: [],
    minSteps: null,
    lookbackMs: 10 * MINUTE,
    schedule: { everyMs: 5 * MINUTE },
    ...over,
  }
}

export async function correlationFixture(correlation: Correlation) {
  const clock = manualClock()
  const start = clock.now()
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  const rules = [
    detection({ id: 'A', logTypes: ['Log.A'], createAlert: false }),
    detection({ id: 'B', logTypes: ['Log.B'], createAlert: false }),
    detection({ id: 'AB', type: 'correlation_rule', body: null, correlation, logTypes: ['Log.A', 'Log.B'] }),
  ]
  const declared = registry([destination('soc', { severities: ['MEDIUM'] })])
  const pipeline = createPipeline({ store, project: () => project(rules, declared), onAdmitted: () => {} })
  const log = recordingLog()
  const ports = {
    store,
    clock,
    member: 'test',
    admit: ((findings, claim, cursor) =>
      pipeline.admitMatches(findings, claim, cursor)) satisfies CorrelationPassPorts['admit'],
    log,
  }
  const signalFields = [{ name: 'p_alert_context.match', key: ['p_alert_context', 'match'] }]
  const rule = { id: 'AB', correlation, signalFields }
  await initializeCursor(rule, start, ports)
  let rows = 0

  return {
    clock,
    store,
    ports,
    rule,
    log,
    project: project(rules, declared),
    /** Adds a signal of a rule. Its event happened at the given minute, and it arrives at the time of the clock. */
    async happens(detectionId: string, user: string, minute: number) {
      const row = signal(`row-${rows++}`, {
        detection: detectionId,
        at: clock.now(),
        happenedAt: start + minute * MINUTE,
        fields: JSON.stringify({ user }),
      })
      await store.commit(plan({ signals: [row] }), expecting())
    },
    /** Moves the clock to a minute and runs a correlation pass. */
    async lookAt(minute: number, over: Partial<CorrelationPassPorts> = {}) {
      clock.advance(start + minute * MINUTE - clock.now())
      await runCorrelationPass(rule, { now: clock.now(), intervalMs: 5 * MINUTE }, { ...ports, ...over })
    },
    /** Describes alerts: `ann x2` is an alert of ann with matches of two passes. */
    async alerts() {
      const found = await store.alerts({ limit: 100 })
      return found.map(({ dedup, events }) => `${dedup} x${events}`).sort()
    },
  }
}
