/** What the pages of the console show, read from the store and the project. */
import { pauseHint } from '../../delivery/delivery-findings.ts'
import type { RouteTable } from '../../model/alerts/route-table.ts'
import type { Silence } from '../../model/alerts/silence.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import type { ConsolePorts, ShownSilence } from '../../server/console/console-ports.ts'
import type { Store } from '../../store/store.ts'
import { createSilenceActs } from '../access/silence-acts.ts'
import { createAlertSample } from './alert-sample.ts'
import { detectionFactsOf, statisticsOf } from './console-figures.ts'

export interface ConsoleReadOptions {
  readonly store: Store
  readonly project: () => RoutedProject
  readonly routes: () => RouteTable
  readonly unavailable: () => string | null
  /** The names of the tests of a detection. */
  readonly testNames: (detection: string) => readonly string[]
}

const DAY_MS = 86_400_000
const MAX_SILENCES = 1_000
/** Silences of people are listed for so long after their end. */
const ENDED_SHOWN_MS = 7 * DAY_MS

export function createConsoleReads({
  store,
  project,
  testNames,
  routes,
  unavailable,
}: ConsoleReadOptions): Omit<ConsolePorts, 'acts' | 'streams'> {
  const sample = createAlertSample(store)
  const silenceActs = createSilenceActs({ store, project })
  return {
    store,
    statistics: async () => statisticsOf(await sample(), store.now()),
    registry: () => project().registry,
    detections: () => project().detections,
    testNames,
    routes,
    unavailable,
    pauseHint,
    silences: () => shownSilences(store, project()),
    previewSilence: async ({ match, destinations }) => {
      const { looked, hidden } = await silenceActs.preview({ match, except: null })
      const isSent = (name: string) => destinations?.includes(name) ?? true
      return {
        looked,
        hidden: hidden.filter(({ route }) => !destinations || route.destinations.some(isSent)),
      }
    },
    newestDelivered: async () => (await sample()).newestDelivered,
    detectionFacts: async (ids) => {
      const { limiters } = await store.read({ groups: [], limiters: ids, seen: [] })
      return detectionFactsOf(await sample(), ids, (id) => limiters.get(id)?.value ?? null, store.now())
    },
  }
}

/** The silences of the project, then those of people that are in force or have ended lately. */
async function shownSilences(store: Store, { handling }: RoutedProject): Promise<ShownSilence[]> {
  const [stored, hits] = await Promise.all([
    store.silences({ endsAfter: store.now() - ENDED_SHOWN_MS, limit: MAX_SILENCES }),
    store.silenceHits(),
  ])
  const hitsOf = new Map(hits.map((each) => [each.silenceId, each]))
  const shown = (silence: Silence, createdBy: string | null): ShownSilence => ({
    silence,
    createdBy,
    hits: hitsOf.get(silence.id)?.alerts ?? 0,
    lastHitAt: hitsOf.get(silence.id)?.lastAt ?? null,
  })
  return [
    ...handling.silences.map((silence) => shown(silence, null)),
    ...stored.map(({ silence, createdBy }) => shown(silence, createdBy)),
  ]
}
