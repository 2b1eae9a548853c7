/** What the API needs of the daemon: reads of the store, what the project has, and the acts of people. */
import type { AlertStatus, ClosedReason } from '../../model/alerts/alert-status.ts'
import type { RouteTable } from '../../model/alerts/route-table.ts'
import type { Silence } from '../../model/alerts/silence.ts'
import type { Destination } from '../../model/project/destination.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { AlertRow, Store } from '../../store/store.ts'

export type ApiStore = Pick<
  Store,
  | 'now'
  | 'findAlerts'
  | 'alert'
  | 'audit'
  | 'deliveries'
  | 'attempts'
  | 'backlog'
  | 'destinationState'
  | 'countDeliveries'
  | 'read'
>

/** Who acts, and the id of the request, by which it is carried out once. */
export interface ApiActor {
  readonly name: string
  readonly via: string
  readonly requestId: string
}

export type ApiAct =
  | { readonly verb: 'acknowledge'; readonly note: string; readonly assignee?: string }
  | { readonly verb: 'resolve'; readonly note: string; readonly reason: ClosedReason }
  | { readonly verb: 'reopen'; readonly note: string }
  | { readonly verb: 'comment'; readonly note: string }
  | { readonly verb: 'assign'; readonly note: string; readonly assignee: string }

/** `late`: the alert was resolved already; `repeated`: a request with this id was carried out before. */
export type ChangeResult = 'changed' | 'commented' | 'late' | 'unchanged' | 'repeated'

export interface SentTest {
  readonly delivered: boolean
  readonly status: number | null
  readonly message: string
  readonly durationMs: number
}

/** The same functions as those of the commands. They reject with a UserError where the act is not possible. */
export interface ApiActs {
  /** @param version if the alert has another version, nothing is changed. */
  change(
    id: string,
    act: ApiAct,
    actor: ApiActor,
    version: number | undefined,
  ): Promise<{ readonly result: ChangeResult; readonly status: AlertStatus }>
  resend(
    id: string,
    destinations: readonly string[],
    actor: ApiActor,
  ): Promise<{ readonly to: readonly string[]; readonly skipped: readonly string[] }>
  /** Returns false if the delivery is in no state from which it can be retried, and true for a request that was carried out before. */
  retry(deliveryId: string, actor: ApiActor): Promise<boolean>
  /** Returns false if the destination is neither paused nor held. */
  resume(name: string, actor: ApiActor): Promise<boolean>
  /** Sends the test alert. For a request that was carried out before it returns what the history keeps. */
  test(name: string, actor: ApiActor): Promise<SentTest>
  /** Returns false if the detection is not muted. */
  unmute(id: string, actor: ApiActor): Promise<boolean>
}

export interface ListedSilence {
  readonly silence: Silence
  readonly origin: 'file' | 'store'
  readonly state: 'planned' | 'active' | 'ended'
  readonly alerts: number
  readonly lastAt: number | null
  readonly createdBy: string | null
}

/** What a person asks for; the id and the beginning are the store's. */
export interface WantedSilence
  extends Pick<Silence, 'match' | 'except' | 'destinations' | 'reason' | 'owner'> {
  readonly everything: boolean
  readonly critical: boolean
}

/** Silences of the file and of the store. The acts reject with a UserError where they are not possible. */
export interface SilenceActs {
  /** @param endsAfter silences that had ended then are left out. */
  list(endsAfter: number): Promise<readonly ListedSilence[]>
  /** Also one that has ended; null: there is none. */
  find(id: string): Promise<ListedSilence | null>
  /** Returns the id; for a request that was carried out before, that of the silence that it made. */
  add(wanted: WantedSilence, forMs: number, actor: ApiActor): Promise<string>
  expire(id: string, actor: ApiActor): Promise<void>
  /** @param forMs the time from now to its new end. */
  extend(id: string, forMs: number, actor: ApiActor): Promise<void>
  /** The newest alerts that it would have hidden, the severest first, of the number that was looked at. */
  preview(
    wanted: Pick<Silence, 'match' | 'except'>,
    sinceMs?: number,
  ): Promise<{ readonly looked: number; readonly hidden: readonly AlertRow[] }>
}

export interface ApiPorts {
  readonly silences: SilenceActs
  readonly routes: () => RouteTable
  readonly store: ApiStore
  readonly acts: ApiActs
  readonly detections: () => ReadonlyMap<string, Detection>
  readonly destinations: () => readonly Destination[]
  readonly version: string
}
