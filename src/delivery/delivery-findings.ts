/** What delivery has to say about itself. Pure. */
import type { SystemFinding } from '../model/alerts/finding.ts'

export function destinationPaused(destination: string, reason: string, at: number): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'DestinationPaused',
    title: `Destination ${destination} is paused`,
    description: `It answered in a way that no other alert would fare better with: ${reason}. Its deliveries wait and do not age.`,
    runbook: `Correct its entry in destinations.yaml or its secret. It is tried every 5 minutes, on reload, and at once by \`signalbox destinations resume ${destination}\`.`,
    dedup: destination,
    context: { destination, reason },
    at,
  }
}

export function deliveryDead(destination: string, reason: string, id: string, at: number): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'DeliveryDead',
    title: `Alerts do not reach destination ${destination}`,
    description: `A delivery was given up: ${reason}. Its alert goes to the fallback destinations, where there are any.`,
    runbook: `See \`signalbox deliveries dead\`; \`signalbox deliveries retry\` sends them again once the cause is removed.`,
    dedup: destination,
    context: { destination, reason, delivery: id },
    at,
  }
}
