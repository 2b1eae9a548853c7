/** Turns candidates, one after the other, into one commit plan over the state that was read. Pure. */
import { type DedupAction, decideDedup, isOnlyCounted, withoutHidden } from '../alerts/dedup.ts'
import { decideLimit } from '../alerts/limiter.ts'
import { type AlertDraft, alertLink, groupKey, notificationJson } from '../model/alerts/alert.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import { initialStatus } from '../model/alerts/alert-status.ts'
import type { Handling, HandlingStep } from '../model/alerts/handling.ts'
import type { Registry } from '../model/project/destination.ts'
import { recipientOf } from '../routing/recipient.ts'
import {
  type AlertRow,
  type CommitPlan,
  type Divergence,
  type ExpectedVersions,
  type Group,
  type HiddenDestination,
  type LimiterChange,
  type LimiterState,
  type NewAudit,
  type NewDelivery,
  type NewEscalation,
  type ReadState,
  type SignalRow,
  SYSTEM_ACT,
} from '../store/store.ts'
import { Additions } from './additions.ts'
import { plannedDeliveries } from './deliveries/planned-deliveries.ts'
import { HandledAlerts, type HandlingContext, hiddenDestinations } from './handled-alerts.ts'
import type { RoutedCandidate } from './work.ts'

/** The result of admitting one candidate. */
export type AdmitResult =
  | { readonly action: 'created'; readonly alert: AlertRow; readonly steps: readonly HandlingStep[] }
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

type PlannedEffects = Pick<
  CommitPlan,
  | 'groups'
  | 'limiterChanges'
  | 'alerts'
  | 'merges'
  | 'mutedMatches'
  | 'divergences'
  | 'deliveries'
  | 'escalations'
  | 'handlings'
  | 'silenceHits'
  | 'inhibitors'
  | 'signals'
  | 'audits'
>

interface PlannerContext {
  readonly registry: Registry
  /** The URL in which `{alertId}` and `{detectionId}` are replaced. If it is empty, there is no link. */
  readonly alertUrl: string
  /** The time of the decision. Events were received before it. */
  readonly now: number
  readonly handling: HandlingContext
}

export class Planner {
  readonly #state: ReadState
  readonly #context: PlannerContext
  readonly #groups = new Map<string, Group>()
  readonly #limiters = new Map<string, LimiterState>()
  readonly #alerts = new Map<string, AlertRow>()
  readonly #additions: Additions
  readonly #handled: HandledAlerts
  /** The groups with hidden alerts to which the plan only adds. They must still be hidden when it is committed. */
  readonly #compared = new Set<string>()
  readonly #divergences: { alertId: string; divergence: Divergence }[] = []
  readonly #deliveries: NewDelivery[] = []
  readonly #escalations: NewEscalation[] = []
  readonly #signals: SignalRow[] = []

  constructor(state: ReadState, context: PlannerContext) {
    this.#state = state
    this.#context = context
    this.#additions = new Additions(state)
    this.#handled = new HandledAlerts(context.handling, state.inhibitors)
  }

  /** Deduplicates and limits one candidate, and adds its effects to the plan. */
  admit({ candidate, route, at }: RoutedCandidate): AdmitResult {
    const draft: AlertDraft = { ...candidate.draft, route }
    const key = groupKey(draft.detection, draft.kind, draft.dedup)
    const before = this.#groups.get(key) ?? this.#state.groups.get(key)?.value
    const { group, counted, action } = decideDedup(before, { ...candidate, draft }, at, this.#context.now)
    if (action.kind === 'created') {
      const limit = this.#limit(draft, at)
      if (limit !== 'allowed') {
        this.#countMuted(counted, draft, at)
        return { action: 'muted', draft, now: limit === 'muted now' }
      }
    }
    if (group !== before) this.#groups.set(key, group)
    switch (action.kind) {
      case 'counted':
        return { action: 'counted', draft, reached: action.reached, threshold: action.threshold }
      case 'created':
        return { action: 'created', ...this.#create(action.alertId, action.draft, group, at) }
      case 'merged':
        return { ...action, action: 'merged', draft, events: this.#merge(action, draft, group, at) }
    }
  }

  /** Every match is a signal, whether or not it made an alert. */
  signal(signal: SignalRow): void {
    this.#signals.push(signal)
  }

  get plan(): PlannedEffects {
    const limiterChanges = [...this.#limiters.values()].flatMap((limiter) => this.#limiterChange(limiter))
    return {
      groups: [...this.#groups.values()],
      limiterChanges,
      alerts: [...this.#alerts.values()],
      merges: this.#additions.merges,
      mutedMatches: this.#additions.mutedMatches,
      divergences: this.#divergences,
      deliveries: this.#deliveries,
      escalations: this.#escalations,
      handlings: this.#handled.handlings,
      silenceHits: this.#handled.silenceHits,
      inhibitors: this.#handled.inhibitors,
      signals: this.#signals,
      audits: limiterChanges.flatMap(muteAudit),
    }
  }

  /** Only decisions are compared. What is added to rows depends on no version. */
  get expected(): Pick<ExpectedVersions, 'groups' | 'limiters' | 'rules' | 'inhibitors'> {
    const versionOf = (key: string) => this.#state.groups.get(key)?.version ?? 0
    return {
      groups: new Map([...this.#groups.keys(), ...this.#compared].map((key) => [key, versionOf(key)])),
      limiters: new Map(),
      inhibitors: this.#handled.expectedInhibitors,
      rules: this.#handled.hasDecided ? this.#state.rulesVersion : null,
    }
  }

  #limit(draft: AlertDraft, at: number): 'allowed' | 'muted' | 'muted now' {
    if (alertGroup(draft.kind) !== 'ALERT') return 'allowed'
    const before = this.#limiters.get(draft.detection) ?? this.#state.limiters.get(draft.detection)?.value
    const decision = decideLimit(before, draft.detection, at, this.#context.now)
    this.#limiters.set(draft.detection, decision.state)
    if (decision.allowed) return 'allowed'
    return decision.mutedNow ? 'muted now' : 'muted'
  }

  /** Nothing changes if the detection was muted before. */
  #limiterChange(limiter: LimiterState): LimiterChange[] {
    const before = this.#state.limiters.get(limiter.detection)?.value ?? null
    if (limiter === before) return []
    const { detection, hourStartedAt, created } = limiter
    const previousHour = before?.hourStartedAt ?? null
    const earlier = before !== null && hourStartedAt === previousHour ? before.created : 0
    const mutedAt = before?.mutedAt === limiter.mutedAt ? null : limiter.mutedAt
    return [{ detection, hourStartedAt, previousHour, created: created - earlier, mutedAt }]
  }

  /** Most matches of a muted detection add to the count of a group whose window was open before. */
  #countMuted(counted: Group, draft: AlertDraft, at: number): void {
    const stored = this.#state.groups.get(counted.key)?.value
    const isAddition =
      stored !== undefined && !this.#groups.has(counted.key) && isOnlyCounted(stored, counted)
    if (isAddition) this.#additions.countMuted(stored, draft, at)
    else this.#groups.set(counted.key, counted)
  }

  #create(
    id: string,
    draft: AlertDraft,
    group: Group,
    at: number,
  ): { readonly alert: AlertRow; readonly steps: readonly HandlingStep[] } {
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
      status: initialStatus(draft.severity.value, at),
    }
    this.#alerts.set(id, alert)
    const handling = this.#handled.decide(id, draft, draft.route.destinations, at)
    this.#handled.record(id, handling.steps, at)
    this.#send(id, handling, draft.route.level, at)
    if (alert.status.status !== 'resolved') this.#handled.start(id, draft, at)
    this.#hide(group, hiddenDestinations(handling))
    return { alert, steps: handling.steps }
  }

  /** Returns the number of events of the alert. */
  #merge(
    { alertId, divergence }: Extract<DedupAction, { kind: 'merged' }>,
    draft: AlertDraft,
    group: Group,
    at: number,
  ): number {
    const events = this.#additions.merge(alertId, draft, at, this.#alerts.get(alertId)?.events)
    if (group.hidden) this.#reconsider(alertId, group, draft, events - 1, at)
    if (divergence === null) return events
    this.#divergences.push({ alertId, divergence })
    if (this.#context.registry.onEscalation === 'send') {
      const handling = this.#handled.decide(alertId, draft, divergence.destinations ?? [], at)
      this.#handled.record(alertId, handling.steps, at)
      this.#send(alertId, handling, 'escalation', at)
      this.#hide(this.#groups.get(group.key) ?? group, hiddenDestinations(handling))
    }
    return events
  }

  /** Events of the alert are decided again until each destination has it. */
  #hide(group: Group, hidden: readonly HiddenDestination[]): void {
    if (hidden.length === 0) return
    this.#groups.set(group.key, { ...group, hidden: [...(group.hidden ?? []), ...hidden] })
  }

  /**
   * Sends a hidden alert to the destinations at which nothing hides this event.
   * @param events those of the alert before this one.
   */
  #reconsider(alertId: string, group: Group, draft: AlertDraft, events: number, at: number): void {
    const { hidden = [] } = group
    const names = hidden.map(({ destination }) => destination)
    const handling = this.#handled.decide(alertId, draft, names, at)
    const released = handling.sends.filter(({ how }) => how !== 'none')
    this.#compared.add(group.key)
    if (released.length === 0) return
    const isReleased = ({ destination }: HiddenDestination) =>
      released.some((send) => send.destination === destination)
    const releases = this.#handled.releases(hidden.filter(isReleased), events, at)
    this.#handled.record(alertId, releases, at)
    const isSilenced = hidden.some((each) => isReleased(each) && each.silence !== undefined)
    this.#send(alertId, handling, isSilenced ? 'silence-ended' : 'inhibition-ended', at)
    const left = hidden.filter((each) => !isReleased(each))
    this.#groups.set(group.key, left.length > 0 ? { ...group, hidden: left } : withoutHidden(group))
  }

  #send(alertId: string, { sends, escalations }: Handling, reason: string, at: number): void {
    const { registry, now } = this.#context
    this.#deliveries.push(...plannedDeliveries(alertId, sends, { registry, reason, at, now }))
    for (const { destination, kind, step, unless, afterMs, heldUntil } of escalations) {
      const { key } = recipientOf(registry, destination)
      const startsAt = heldUntil ?? now
      const due = kind === 'release' ? null : startsAt + afterMs
      this.#escalations.push({ alertId, destinationKey: key, kind, step, unless, afterMs, due })
    }
  }
}

function muteAudit({ detection, mutedAt }: LimiterChange): NewAudit[] {
  if (mutedAt === null) return []
  return [{ ...SYSTEM_ACT, at: mutedAt, verb: 'muted', subject: { kind: 'detection', id: detection } }]
}
