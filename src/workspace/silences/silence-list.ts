/** Lists the silences of the file and of the store together, and previews what silences would have hidden. */
import { hides } from '../../handling/silence-stage.ts'
import type { HandledAlert } from '../../handling/stage.ts'
import type { Notification } from '../../model/alerts/alert.ts'
import { compareSeverity } from '../../model/alerts/severity.ts'
import type { Silence } from '../../model/alerts/silence.ts'
import type { AlertRow, Store } from '../../store/store.ts'

export interface ListedSilence {
  readonly silence: Silence
  readonly origin: 'file' | 'store'
  readonly state: 'planned' | 'active' | 'ended'
  /** The number of alerts that it hid, and the time of the last event that it hid; null: it hid none. */
  readonly alerts: number
  readonly lastAt: number | null
  /** null: it is a silence of the file. */
  readonly createdBy: string | null
}

const MAX_LISTED = 10_000

/** @param endsAfter silences that had ended then are left out. */
export async function listAllSilences(
  store: Pick<Store, 'silences' | 'silenceHits'>,
  declared: readonly Silence[],
  { now, endsAfter }: { readonly now: number; readonly endsAfter: number },
): Promise<readonly ListedSilence[]> {
  const hits = new Map((await store.silenceHits()).map((hit) => [hit.silenceId, hit]))
  const stored = await store.silences({ endsAfter, limit: MAX_LISTED })
  const listed = (silence: Silence, origin: ListedSilence['origin'], createdBy: string | null) => ({
    silence,
    origin,
    state: stateOf(silence, now),
    alerts: hits.get(silence.id)?.alerts ?? 0,
    lastAt: hits.get(silence.id)?.lastAt ?? null,
    createdBy,
  })
  return [
    ...declared.filter(({ until }) => until > endsAfter).map((each) => listed(each, 'file', null)),
    ...stored.map(({ silence, createdBy }) => listed(silence, 'store', createdBy)),
  ]
}

function stateOf({ from, until }: Silence, now: number): ListedSilence['state'] {
  if (until <= now) return 'ended'
  return from !== null && from > now ? 'planned' : 'active'
}

/** Returns the alerts that one of the silences would have hidden whatever its times are, the severest first. */
export function previewSilences(
  silences: readonly Silence[],
  alerts: readonly AlertRow[],
): readonly { readonly alert: AlertRow; readonly silence: Silence }[] {
  const found = alerts.flatMap((alert) => {
    const handled = handledAlertOf(alert)
    const silence = silences.find((each) => hides(each, handled))
    return silence ? [{ alert, silence }] : []
  })
  return found.sort((a, b) => compareSeverity(b.alert.severity, a.alert.severity))
}

function handledAlertOf(alert: AlertRow): HandledAlert {
  const { tags, alertContext } = JSON.parse(alert.notification) as Notification
  return {
    detection: alert.detection,
    kind: alert.kind,
    severity: { value: alert.severity, source: 'static' },
    title: alert.title,
    tags,
    context: JSON.stringify(alertContext),
    logTypes: alert.logTypes,
    dedup: alert.dedup,
  }
}
