/** Finds the destination of a delivery by the name that a route has. Pure. */
import { destinationKey, type Registry } from '../model/project/destination.ts'
import { findDestination } from './resolve-route.ts'

/**
 * A group below its threshold keeps the route of its first event, so a destination can have another name since then. Another
 * daemon can know a destination that is not found. Otherwise a reconciliation orphans it, so that the fallback gets the alert.
 */
export function recipientOf(
  registry: Registry,
  name: string,
): { readonly key: string; readonly name: string } {
  const destination =
    findDestination(registry, name) ??
    registry.destinations.find(({ previousNames }) => previousNames.includes(name))
  return destination ? { key: destinationKey(destination), name: destination.name } : { key: name, name }
}
