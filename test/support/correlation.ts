/** Signals in a real store, a rule that looks at them, and the alerts that come of it. */
import {
  type CorrelationPassPorts,
  initializeCursor,
  runCorrelationPass,
} from '../../src/daemon/correlation-pass.ts'
import type { Correlation, CorrelationStep } from '../../src/model/project/correlation-definition.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { openStore } from '../../src/store/open.ts'
import { manualClock } from './clock.ts'
import { destination, detection, project, registry } from './model.ts'
import { recordingLog } from './source.ts'
import { expecting, plan, signal } from './store-rows.ts'

export const MINUTE = 60_000
const USER = { name: 'user', key: ['user'] }

/** `A` must come, `!A` must not; signals are compared by their user. Window 10 minutes, every 5. */
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
  const ports: CorrelationPassPorts = {
    store,
    admit: (findings, claim, cursor) => pipeline.admitMatches(findings, claim, cursor),
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
    /** One signal of a rule; it happened at a minute, and came when the clock says. */
    async happens(detectionId: string, user: string, minute: number) {
      const row = signal(`row-${rows++}`, {
        detection: detectionId,
        at: clock.now(),
        happenedAt: start + minute * MINUTE,
        fields: JSON.stringify({ user }),
      })
      await store.commit(plan({ signals: [row] }), expecting())
    },
    /** Moves the clock to a minute and looks. */
    async lookAt(minute: number, over: Partial<CorrelationPassPorts> = {}, slot: string | null = null) {
      clock.advance(start + minute * MINUTE - clock.now())
      await runCorrelationPass(
        rule,
        { now: clock.now(), intervalMs: 5 * MINUTE, slot },
        { ...ports, ...over },
      )
    },
    /** `ann x2` for an alert of ann with two looks merged into it. */
    async alerts() {
      const found = await store.alerts({ limit: 100 })
      return found.map(({ dedup, events }) => `${dedup} x${events}`).sort()
    },
  }
}
