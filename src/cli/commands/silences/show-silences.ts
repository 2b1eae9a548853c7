/** `silences list|show|preview` shows silences, what they hid, and what they would have hidden. */
import { UserError } from '../../../errors.ts'
import type { Silence } from '../../../model/alerts/silence.ts'
import { counted } from '../../../reporters/parts/terminal-text.ts'
import type { Store } from '../../../store/store.ts'
import { openProject } from '../../../workspace/open-project.ts'
import {
  type ListedSilence,
  listAllSilences,
  previewSilences,
} from '../../../workspace/silences/silence-list.ts'
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { durationMs } from '../../command/duration.ts'
import { FORMAT, parsed, STORE } from '../../command/options.ts'
import type { Session } from '../../command/session.ts'
import { requireConfiguration } from '../../command/soundness.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { alertJson, alertsTable, iso } from '../../format/alert-view.ts'
import { formatTime, table } from '../../format/table.ts'
import { MATCH_OPTIONS, matchOf } from './match-options.ts'

const MAX_ALERTS = 10_000

export const list = defineCommand({
  options: {
    ended: parsed(
      '--ended <time>',
      'list silences that ended within this time, too, for example 24h',
      durationMs,
    ),
    store: STORE,
    format: FORMAT,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const silences = await silencesOf(store, session, options.ended ?? 0)
      if (options.format === 'json') session.print(jsonDocument({ silences: silences.map(silenceJson) }))
      else session.print(silencesTable(silences))
      return EXIT_OK
    }),
})

export const show = defineCommand({
  arguments: { '<id>': 'id of a silence' },
  options: { store: STORE, format: FORMAT },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const all = await silencesOf(store, session, Number.POSITIVE_INFINITY)
      const found = all.find(({ silence }) => silence.id === id)
      if (!found)
        throw new UserError(`silence not found: ${id}`, {
          code: 'unknown-id',
          hint: 'list the silences with `signalbox silences list --ended 30d`',
        })
      const alerts = await store.alerts({ silencedBy: id, limit: MAX_ALERTS })
      const audit = await store.audit({ subject: { kind: 'silence', id }, limit: MAX_ALERTS })
      if (options.format === 'json') {
        const rows = audit.map((row) => ({ ...row, at: iso(row.at) }))
        session.print(jsonDocument({ ...silenceJson(found), hidden: alerts.map(alertJson), audit: rows }))
      } else {
        session.print(`${silencesTable([found])}\n${JSON.stringify(found.silence.match)}\n\n`)
        session.print(alertsTable(alerts, session.style))
      }
      return EXIT_OK
    }),
})

export const preview = defineCommand({
  options: {
    ...MATCH_OPTIONS,
    since: parsed('--since <time>', 'look at alerts younger than this; default: 30d', durationMs),
    store: STORE,
    format: FORMAT,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const match = matchOf(options)
      const silences = Object.keys(match).length > 0 ? [candidate(match)] : await declaredSilences(session)
      const since = store.now() - (options.since ?? durationMs('30d'))
      const alerts = await store.alerts({ since, limit: MAX_ALERTS })
      const found = previewSilences(silences, alerts)
      if (options.format === 'json') {
        const hidden = found.map(({ alert, silence }) => ({ silence: silence.id, alert: alertJson(alert) }))
        session.print(jsonDocument({ alerts: alerts.length, hidden }))
        return EXIT_OK
      }
      const hidden = found.map(({ alert }) => alert)
      session.print(alertsTable(hidden, session.style))
      session.note(`${hidden.length} of ${counted(alerts.length, 'alert')} would have been hidden`)
      if (alerts.length === MAX_ALERTS) session.note(`only the newest ${MAX_ALERTS} alerts were looked at`)
      return EXIT_OK
    }),
})

function candidate(match: Silence['match']): Silence {
  const nothing = { from: null, until: 0, reason: '', owner: '', except: null, destinations: null }
  return { id: 'preview', match, ...nothing }
}

async function declaredSilences({ workspace }: Session): Promise<readonly Silence[]> {
  const project = await openProject(workspace)
  requireConfiguration(project)
  return project.handling.silences
}

async function silencesOf(
  store: Store,
  session: Session,
  endedMs: number,
): Promise<readonly ListedSilence[]> {
  const now = store.now()
  return listAllSilences(store, await declaredSilences(session), {
    now,
    endsAfter: Math.max(0, now - endedMs),
  })
}

function silencesTable(silences: readonly ListedSilence[]): string {
  if (silences.length === 0) return 'no silences\n'
  const rows = silences.map(({ silence, origin, state, alerts, lastAt }) => [
    silence.id,
    state,
    origin,
    formatTime(silence.until),
    silence.owner,
    String(alerts),
    lastAt === null ? '' : formatTime(lastAt),
    silence.reason,
  ])
  return table(['ID', 'STATE', 'ORIGIN', 'UNTIL', 'OWNER', 'HIDDEN', 'LAST', 'REASON'], rows)
}

function silenceJson({ silence, lastAt, ...listed }: ListedSilence) {
  return {
    ...silence,
    from: silence.from === null ? null : iso(silence.from),
    until: iso(silence.until),
    ...listed,
    lastAt: lastAt === null ? null : iso(lastAt),
  }
}
