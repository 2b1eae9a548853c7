/** Takes the steps of escalations when they are due. A step is claimed under a lease, so that one daemon takes it. */
import { messageOf } from '../../errors.ts'
import type { SystemFinding } from '../../model/alerts/finding.ts'
import type { Clock, Log, Metrics } from '../../model/ports.ts'
import type { Registry } from '../../model/project/destination.ts'
import { type ClaimedEscalation, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import { escalationsMissed } from '../delivery-findings.ts'
import { decideDueStep, type StepDecision } from './due-step.ts'

const INTERVAL_MS = 1_000
const LEASE_MS = 30_000
/** The limit bounds how long one pass delays the next. */
const MAX_PER_PASS = 200

interface EscalationPorts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly registry: () => Registry
  /** Admits findings about escalations, which become alerts like any other. */
  readonly admit: (findings: SystemFinding[]) => Promise<void>
  /** It is called after a commit that created deliveries. */
  readonly onDeliveries: () => void
}

export interface Escalations {
  start(): void
  /** Takes what is due now. */
  pass(): Promise<void>
  stop(): Promise<void>
}

export function createEscalations(ports: EscalationPorts): Escalations {
  const { clock, log } = ports
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const run = async () => {
    while (!stopping.signal.aborted) {
      await passOnce(ports).catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'failed to take the steps of escalations that are due'),
      )
      await clock.sleep(INTERVAL_MS, stopping.signal)
    }
  }
  return {
    start: () => {
      running = run()
    },
    pass: () => passOnce(ports),
    stop: () => {
      stopping.abort()
      return running
    },
  }
}

async function passOnce(ports: EscalationPorts): Promise<void> {
  const { store, registry } = ports
  const claimed = await store.claimEscalations({ limit: MAX_PER_PASS, leaseMs: LEASE_MS })
  const now = store.now()
  const decided = claimed.map((each) => ({ ...each, decision: decideDueStep(each, registry(), now) }))
  const missed = decided.filter(({ decision }) => decision.result === 'missed')
  // If the daemon ends here, they are reported again, and no missed step goes unreported.
  if (missed.length > 0) await ports.admit([escalationsMissed(missed.map(textOfMissed), now)])
  for (const { escalation, decision } of decided) await commit(ports, escalation, decision)
}

/** A conflict means that the alert was changed, or that another daemon has the step now. Nothing was written then. */
async function commit(
  { store, log, metrics, onDeliveries }: EscalationPorts,
  { alertId, destinationKey, step }: ClaimedEscalation['escalation'],
  { result, plan }: StepDecision,
): Promise<void> {
  const answer = await store.commit(plan, NOTHING_EXPECTED)
  if (answer !== 'ok') return
  metrics.count('signalbox_escalations_total', { result })
  const { reason = '' } = plan.escalationOutcomes[0] ?? {}
  log.info({ alert: alertId, destination: destinationKey, step: step + 1, result, reason }, 'escalation')
  if (plan.deliveries.length > 0) onDeliveries()
}

function textOfMissed({ escalation: { destinationKey, step }, alert }: ClaimedEscalation): string {
  return `${alert.title} (${alert.id}), step ${step + 1} of ${destinationKey}`
}
