/** Turns candidates, one after the other, into one commit plan over the state that was read. Pure. */
import { decideDedup } from '../alerts/dedup.ts'
import { decideLimit } from '../alerts/limiter.ts'
import { type AlertDraft, alertLink, deliveryId, groupKey, notificationJson } from '../model/alerts/alert.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import { destinationKey, type Registry } from '../model/project/destination.ts'
import { findDestination } from '../routing/resolve-route.ts'
import type {
  AlertRow,
  AlertUpdate,
  CommitPlan,
  Divergence,
  ExpectedVersions,
  Group,
  LimiterState,
  NewDelivery,
  ReadState,
  SignalRow,
} from '../store/store.ts'
import type { RoutedCandidate } from './work.ts'

/** The result of admitting one candidate. */
export type AdmitResult =
  | { readonly action: 'created'; readonly alert: AlertRow }
  | {
      readonly action: 'merged'
      readonly alertId: string
      readonly draft: AlertDraft
      readonly events: number
      readonly divergence: Divergence | null
    }
  | {
      readonly action: 'counted'
      readonly draft: AlertDraft
      readonly reached: number
      readonly threshold: number
    }
  /** The limiter has muted the detection; `now` is true for the alert that muted it. */
  | { readonly action: 'muted'; readonly draft: AlertDraft; readonly now: boolean }

interface PlannerContext {
  readonly registry: Registry
  /** The URL in which `{alertId}` and `{detectionId}` are replaced. If it is empty, there is no link. */
  readonly alertUrl: string
}

export class Planner {
  readonly #state: ReadState
  readonly #context: PlannerContext
  readonly #groups = new Map<string, Group>()
  readonly #limiters = new Map<string, LimiterState>()
  readonly #alerts: AlertRow[] = []
  readonly #updates = new Map<string, AlertUpdate>()
  readonly #deliveries: NewDelivery[] = []
  readonly #signals: SignalRow[] = []

  constructor(state: ReadState, context: PlannerContext) {
    this.#state = state
    this.#context = context
  }

  /** Deduplicates and limits one candidate, and adds its effects to the plan. */
  admit({ candidate, route, at }: RoutedCandidate): AdmitResult {
    const draft: AlertDraft = { ...candidate.draft, route }
    const key = groupKey(draft.detection, draft.kind, draft.dedup)
    const before = this.#groups.get(key) ?? this.#state.groups.get(key)?.value
    const { group, action } = decideDedup(before, { ...candidate, draft }, at)
    if (action.kind === 'created') {
      const limit = this.#limit(draft, at)
      if (limit !== 'allowed') {
        this.#groups.set(key, withoutAlert(group, action.draft))
        return { action: 'muted', draft, now: limit === 'muted now' }
      }
    }
    this.#groups.set(key, group)
    switch (action.kind) {
      case 'counted':
        return { action: 'counted', draft, reached: action.reached, threshold: action.threshold }
      case 'created':
        return { action: 'created', alert: this.#create(action.alertId, action.draft, group, at) }
      case 'merged':
        this.#merge(action.alertId, draft, at, action.divergence)
        return {
          action: 'merged',
          alertId: action.alertId,
          draft,
          events: action.events,
          divergence: action.divergence,
        }
    }
  }

  /** Every match is a signal, whether or not it made an alert. */
  signal(signal: SignalRow): void {
    this.#signals.push(signal)
  }

  get plan(): Pick<CommitPlan, 'groups' | 'limiters' | 'alerts' | 'alertUpdates' | 'deliveries' | 'signals'> {
    return {
      groups: [...this.#groups.values()],
      limiters: [...this.#limiters.values()],
      alerts: this.#alerts,
      alertUpdates: [...this.#updates.values()],
      deliveries: this.#deliveries,
      signals: this.#signals,
    }
  }

  get expected(): Pick<ExpectedVersions, 'groups' | 'limiters'> {
    const versions = <T>(keys: Iterable<string>, read: ReadonlyMap<string, { version: number; value: T }>) =>
      new Map([...keys].map((key) => [key, read.get(key)?.version ?? 0]))
    return {
      groups: versions(this.#groups.keys(), this.#state.groups),
      limiters: versions(this.#limiters.keys(), this.#state.limiters),
    }
  }

  #limit(draft: AlertDraft, at: number): 'allowed' | 'muted' | 'muted now' {
    if (alertGroup(draft.kind) !== 'ALERT') return 'allowed'
    const before = this.#limiters.get(draft.detection) ?? this.#state.limiters.get(draft.detection)?.value
    const decision = decideLimit(before, draft.detection, at)
    this.#limiters.set(draft.detection, decision.state)
    if (decision.allowed) return 'allowed'
    return decision.mutedNow ? 'muted now' : 'muted'
  }

  #create(id: string, draft: AlertDraft, group: Group, at: number): AlertRow {
    const link = alertLink(this.#context.alertUrl, id, draft.detection)
    const alert: AlertRow = {
      id,
      groupKey: group.key,
      detection: draft.detection,
      kind: draft.kind,
      severity: draft.severity.value,
      title: draft.title,
      dedup: draft.dedup,
      createdAt: at,
      notification: notificationJson(draft, id, at, link),
      reference: draft.reference,
      route: draft.route,
      logTypes: draft.logTypes,
      events: group.count,
      lastEventAt: at,
      divergences: [],
    }
    this.#alerts.push(alert)
    for (const name of draft.route.destinations) this.#deliver(id, name, draft.route.level, at)
    return alert
  }

  #merge(id: string, draft: AlertDraft, at: number, divergence: Divergence | null): void {
    const before = this.#updates.get(id)
    this.#updates.set(id, {
      id,
      events: (before?.events ?? 0) + 1,
      lastEventAt: at,
      logTypes: [...new Set([...(before?.logTypes ?? []), ...draft.logTypes])],
      divergences: [...(before?.divergences ?? []), ...(divergence ? [divergence] : [])],
    })
    if (this.#context.registry.onEscalation !== 'send') return
    for (const name of divergence?.destinations ?? []) this.#deliver(id, name, 'escalation', at)
  }

  #deliver(alertId: string, name: string, reason: string, at: number): void {
    const destination = findDestination(this.#context.registry, name)
    if (!destination) return
    const key = destinationKey(destination)
    this.#deliveries.push({
      id: deliveryId(alertId, key),
      alertId,
      destinationKey: key,
      destination: destination.name,
      due: at,
      createdAt: at,
      reason,
    })
  }
}

/** The group as if the threshold had not been reached, because the limiter refused its alert. */
function withoutAlert(group: Group, first: AlertDraft): Group {
  return { ...group, ordinal: group.ordinal - 1, alertId: null, alertAt: null, first, peak: null }
}
