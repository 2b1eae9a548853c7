/** What a plan adds to rows without comparing them: events of open alerts and of muted groups. Pure. */
import type { AlertDraft } from '../model/alerts/alert.ts'
import type { Group, Merge, MutedMatches, ReadState } from '../store/store.ts'

interface Sum {
  readonly events: number
  readonly lastEventAt: number
  readonly logTypes: readonly string[]
}

export class Additions {
  readonly #stored: ReadState['alertEvents']
  readonly #merges = new Map<string, Merge>()
  readonly #mutedMatches = new Map<string, MutedMatches>()

  constructor(state: Pick<ReadState, 'alertEvents'>) {
    this.#stored = state.alertEvents
  }

  get merges(): readonly Merge[] {
    return [...this.#merges.values()]
  }

  get mutedMatches(): readonly MutedMatches[] {
    return [...this.#mutedMatches.values()]
  }

  /** @param created the events of the alert if this plan creates it. Returns its events with this one. */
  merge(alertId: string, draft: AlertDraft, at: number, created?: number): number {
    const merge = { alertId, ...added(this.#merges.get(alertId), draft, at) }
    this.#merges.set(alertId, merge)
    return (created ?? this.#stored.get(alertId) ?? 0) + merge.events
  }

  countMuted({ key, startedAt }: Group, draft: AlertDraft, at: number): void {
    this.#mutedMatches.set(key, {
      groupKey: key,
      startedAt,
      ...added(this.#mutedMatches.get(key), draft, at),
    })
  }
}

function added(before: Sum | undefined, { logTypes }: AlertDraft, at: number): Sum {
  return {
    events: (before?.events ?? 0) + 1,
    lastEventAt: Math.max(before?.lastEventAt ?? at, at),
    logTypes: [...new Set([...(before?.logTypes ?? []), ...logTypes])],
  }
}
