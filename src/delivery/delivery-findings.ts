/** Creates the findings about deliveries and destinations. Pure. */
import type { SystemFinding } from '../model/alerts/finding.ts'

export function destinationPaused(destination: string, reason: string, at: number): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'DestinationPaused',
    title: `Destination ${destination} is paused`,
    description: `It answered in a way that every other alert would get, too: ${reason}. Its deliveries wait and do not age.`,
    runbook: `Correct its entry in destinations.yaml, its secret, or what it names at the provider. Signalbox tries it every 5 minutes and on reload; to try it immediately, run: signalbox destinations resume ${destination}`,
    dedup: destination,
    context: { destination, reason },
    at,
  }
}

/** What to do about a pause, in one line. */
export function pauseHint(destination: string): string {
  return `correct the entry of ${destination}, its secret, or what it names at the provider; then run: signalbox destinations resume ${destination}`
}

export function updateDead(destination: string, reason: string, id: string, at: number): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'UpdateDead',
    title: `Updates of alerts do not reach destination ${destination}`,
    description: `An update is dead: ${reason}. The destination shows an earlier status of the alert; that in the store is right.`,
    runbook: `Run \`signalbox deliveries dead\` to see them, remove the cause, and send them again with \`signalbox deliveries retry\`.`,
    dedup: destination,
    context: { destination, reason, delivery: id },
    at,
  }
}

export function deliveryDead(destination: string, reason: string, id: string, at: number): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'DeliveryDead',
    title: `Alerts do not reach destination ${destination}`,
    description: `A delivery is dead: ${reason}. Its alert goes to the fallback destinations, if there are any.`,
    runbook: `Run \`signalbox deliveries dead\` to see them, remove the cause, and send them again with \`signalbox deliveries retry\`.`,
    dedup: destination,
    context: { destination, reason, delivery: id },
    at,
  }
}

const MAX_MISSED_LISTED = 20

export function escalationsMissed(steps: readonly string[], at: number): SystemFinding {
  const listed = steps.slice(0, MAX_MISSED_LISTED)
  const more = steps.length > listed.length ? [`and ${steps.length - listed.length} more`] : []
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'EscalationsMissed',
    title: `${steps.length} steps of escalations were missed`,
    description: `No daemon ran when they were due, and it is too late to send them: ${[...listed, ...more].join('; ')}.`,
    runbook: 'Look at the alerts that are still open: signalbox alerts list --status open',
    dedup: 'escalations',
    context: { steps: steps.length, listed },
    at,
  }
}
