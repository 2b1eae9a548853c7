/** Sends the alerts of orphaned deliveries to the fallback, once. */
import { destinationKey, type Registry } from '../../model/project/destination.ts'
import { type DeliveryRow, EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import type { DeliveryPorts } from '../delivery-ports.ts'
import { createFallbackDeliveries, FALLBACK_REASON_PREFIX, fallbackOf } from './fallback-deliveries.ts'

/** The limit bounds how long one commit blocks the event loop. */
const MAX_PER_PAGE = 500

export class OrphanFallbacks {
  readonly #ports: Pick<DeliveryPorts, 'store' | 'clock'>
  /** The registry and the number of orphans for which every orphan was looked at. */
  #done: { readonly registry: Registry; readonly orphaned: number } | null = null

  constructor(ports: Pick<DeliveryPorts, 'store' | 'clock'>) {
    this.#ports = ports
  }

  /**
   * Looks at all orphans, not only new ones: a daemon that ended after its reconciliation must not lose their fallback
   * deliveries. It looks only if the registry or the number of orphans has changed.
   */
  async create(registry: Registry, stop: AbortSignal): Promise<void> {
    const { store } = this.#ports
    const { orphaned } = await store.countDeliveries(['orphaned'])
    if (this.#done?.registry === registry && this.#done.orphaned === orphaned) return
    // An orphan of a fallback destination has its alert there already.
    const recipients = fallbackOf(registry, '').map(destinationKey)
    const hasAll =
      orphaned === 0 || recipients.length === 0 || (await this.#createAll(registry, recipients, stop))
    if (hasAll) this.#done = { registry, orphaned }
  }

  /** Resolves with false if some are left: it was stopped, or the store refused a commit. */
  async #createAll(registry: Registry, recipients: readonly string[], stop: AbortSignal): Promise<boolean> {
    let last: DeliveryRow | undefined
    while (!stop.aborted) {
      const page = await nextPage(this.#ports.store, recipients, last?.createdAt ?? Number.MIN_SAFE_INTEGER)
      if (!(await this.#commit(registry, page))) return false
      // A page that ends as the one before has brought nothing.
      if (page.length < MAX_PER_PAGE || page.at(-1)!.id === last?.id) return true
      last = page.at(-1)
    }
    return false
  }

  async #commit(registry: Registry, page: readonly DeliveryRow[]): Promise<boolean> {
    const { store, clock } = this.#ports
    const deliveries = page.flatMap((orphan) =>
      createFallbackDeliveries(registry, orphan, `${orphan.destination} is no longer declared`, clock.now()),
    )
    if (deliveries.length === 0) return true
    return (await store.commit({ ...EMPTY_PLAN, deliveries }, NOTHING_EXPECTED)) === 'ok'
  }
}

/** The oldest orphans first. Those that have their fallback are left out, so a time that many share does no harm. */
function nextPage(
  store: Store,
  recipients: readonly string[],
  from: number,
): Promise<readonly DeliveryRow[]> {
  return store.deliveries({
    states: ['orphaned'],
    kind: 'single',
    unlessBeside: FALLBACK_REASON_PREFIX,
    missingAt: recipients,
    created: { from, until: Number.MAX_SAFE_INTEGER },
    limit: MAX_PER_PAGE,
  })
}
