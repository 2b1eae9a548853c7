/** `alerts list|show|resend|unmute` reads and resends the alerts in the store, and unmutes detections. */
import { UserError } from '../../errors.ts'
import { parseSeverity, SEVERITIES } from '../../model/alerts/severity.ts'
import { escapeForTerminal } from '../../reporters/parts/terminal-text.ts'
import type { AlertRow, Store } from '../../store/store.ts'
import { resendAlert } from '../../workspace/alerts/resend-alert.ts'
import { unmute } from '../../workspace/alerts/unmute.ts'
import { openProject } from '../../workspace/open-project.ts'
import { type CommandGroup, defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { durationMs } from '../command/duration.ts'
import { resolveId } from '../command/ids.ts'
import { FORMAT, list, parsed, STORE, text, wholeNumber, withSuggestions } from '../command/options.ts'
import { requireRegistry } from '../command/soundness.ts'
import { jsonDocument, withStore } from '../command/store-session.ts'
import { alertDetails, alertJson, alertsTable } from '../format/alert-view.ts'

const LIMIT = 50
/** An abbreviated id is searched among this number of the newest alerts. */
const MAX_ROWS_SEARCHED = 10_000

const listCommand = defineCommand({
  options: {
    detection: withSuggestions(text('--detection <id>', 'list only alerts of this detection'), 'detections'),
    severity: withSuggestions(
      parsed('--severity <severity>', 'list only alerts of this severity', severityOf),
      SEVERITIES,
    ),
    since: parsed('--since <time>', 'list only alerts younger than this, for example 24h', durationMs),
    limit: parsed('--limit <n>', `maximum number to list, newest first; default: ${LIMIT}`, wholeNumber(1)),
    store: STORE,
    format: FORMAT,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const { detection, severity, since, limit = LIMIT } = options
      const alerts = await store.alerts({
        detection,
        severity,
        limit,
        since: since === undefined ? undefined : Date.now() - since,
      })
      if (options.format === 'json') session.print(jsonDocument({ alerts: alerts.map(alertJson) }))
      else session.print(alertsTable(alerts, session.style))
      if (alerts.length === limit) session.note(`showing the newest ${limit}; use --limit for more`)
      return EXIT_OK
    }),
})

const show = defineCommand({
  arguments: { '<id>': 'id of an alert, or its first characters' },
  options: { store: STORE, format: FORMAT },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const alert = await findAlert(store, id)
      const rows = await store.deliveries({ alertId: alert.id, limit: MAX_ROWS_SEARCHED })
      const deliveries = await Promise.all(
        rows.map(async (row) => ({ ...row, history: await store.attempts(row.id) })),
      )
      session.print(alertDetails(alert, deliveries, options.format, session.style))
      return EXIT_OK
    }),
})

async function findAlert(store: Store, id: string): Promise<AlertRow> {
  const exact = await store.alert(id)
  if (exact) return exact
  const newest = await store.alerts({ limit: MAX_ROWS_SEARCHED })
  const wanted = resolveId(
    id,
    newest.map((alert) => alert.id),
    'alert',
  )
  return newest.find((alert) => alert.id === wanted)!
}

function severityOf(given: string) {
  const severity = parseSeverity(given)
  if (!severity) throw new UserError('Use INFO, LOW, MEDIUM, HIGH or CRITICAL.', { code: 'invalid-option' })
  return severity
}

const unmuteCommand = defineCommand({
  arguments: { '<detection>': 'id of a muted detection' },
  suggestions: 'detections',
  options: { store: STORE },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      if (await unmute(store, id, Date.now())) {
        session.print(`unmuted ${escapeForTerminal(id)}\n`)
        return EXIT_OK
      }
      session.printError(`signalbox: ${escapeForTerminal(id)} is not muted`)
      return EXIT_FAILED
    }),
})

const resend = defineCommand({
  arguments: { '<id>': 'id of an alert, or its first characters' },
  options: {
    destination: withSuggestions(
      list('--destination <name>', 'destination to send to, instead of the original route'),
      'destinations',
    ),
    store: STORE,
    format: FORMAT,
  },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      const alert = await findAlert(store, id)
      const registry = requireRegistry(await openProject(session.workspace))
      const { to, skipped } = await resendAlert(store, registry, alert, options.destination, Date.now())
      if (options.format === 'json') session.print(jsonDocument({ alert: alert.id, to, skipped }))
      else session.print(`resending ${alert.id} to ${to.map(escapeForTerminal).join(', ')}\n`)
      if (skipped.length === 0) return EXIT_OK
      session.printError(`skipped (disabled or removed): ${skipped.map(escapeForTerminal).join(', ')}`)
      return EXIT_FAILED
    }),
})

const group: CommandGroup = {
  commands: {
    list: { summary: 'list the newest alerts', command: listCommand },
    show: {
      summary: 'show an alert with its notification, route and deliveries',
      command: show,
    },
    resend: { summary: 'resend an alert, marked as re-sent', command: resend },
    unmute: { summary: 'unmute a detection', command: unmuteCommand },
  },
}
export default group
