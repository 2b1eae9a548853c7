/** Reads and changes silences for API and console, by the functions of the commands. */
import { UserError } from '../../errors.ts'
import type { Silence } from '../../model/alerts/silence.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import type { SilenceActs } from '../../server/api/api-ports.ts'
import { isCarriedOut } from '../../server/api/request-once.ts'
import type { Store } from '../../store/store.ts'
import { listAllSilences, previewSilences } from '../../workspace/silences/silence-list.ts'
import { addSilence, expireSilence, extendSilence } from '../../workspace/silences/stored-silences.ts'

const PREVIEW_MS = 30 * 86_400_000
const MAX_PREVIEWED_ALERTS = 5_000

interface SilenceActOptions {
  readonly store: Store
  readonly project: () => RoutedProject
}

export function createSilenceActs({ store, project }: SilenceActOptions): SilenceActs {
  const list = (endsAfter: number) =>
    listAllSilences(store, project().handling.silences, { now: store.now(), endsAfter })
  const assertKnown = (names: readonly string[]) => {
    const known = project().registry.destinations.map(({ name }) => name)
    const unknown = names.find((name) => !known.includes(name))
    if (unknown !== undefined)
      throw new UserError(`destination not found: ${unknown}`, { code: 'unknown-destination' })
  }
  return {
    list,
    find: async (id) => (await list(0)).find(({ silence }) => silence.id === id) ?? null,
    add: async (wanted, forMs, actor) => {
      const [row] = await store.audit({ requestId: actor.requestId, limit: 1 })
      if (row?.subject.kind === 'silence' && row.verb === 'created') return row.subject.id
      assertKnown(wanted.destinations ?? [])
      const now = store.now()
      const { silence } = await addSilence(store, { ...wanted, until: now + forMs }, actor, now)
      return silence.id
    },
    expire: async (id, actor) => {
      if (await isCarriedOut(store, actor.requestId, { kind: 'silence', id })) return
      await expireSilence(store, id, actor, store.now())
    },
    extend: async (id, forMs, actor) => {
      if (await isCarriedOut(store, actor.requestId, { kind: 'silence', id })) return
      await extendSilence(store, id, forMs, actor, store.now())
    },
    preview: async (wanted, sinceMs = PREVIEW_MS) => {
      const since = store.now() - sinceMs
      const alerts = await store.alerts({ since, limit: MAX_PREVIEWED_ALERTS })
      const found = previewSilences([{ ...NOTHING, ...wanted }], alerts)
      return { looked: alerts.length, hidden: found.map(({ alert }) => alert) }
    },
  }
}

const NOTHING: Omit<Silence, 'match' | 'except'> = {
  id: 'preview',
  from: null,
  until: 0,
  reason: '',
  owner: '',
  destinations: null,
}
