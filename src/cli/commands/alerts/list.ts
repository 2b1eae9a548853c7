/** `alerts list` lists the newest alerts, filtered by detection, severity, age, status and assignee. */
import { UserError } from '../../../errors.ts'
import { STATUS_NAMES } from '../../../model/alerts/alert-status.ts'
import { parseSeverity, SEVERITIES } from '../../../model/alerts/severity.ts'
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { durationMs } from '../../command/duration.ts'
import {
  choice,
  FORMAT,
  flag,
  parsed,
  STORE,
  text,
  wholeNumber,
  withSuggestions,
} from '../../command/options.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { alertJson, alertsTable } from '../../format/alert-view.ts'

const LIMIT = 50

export const list = defineCommand({
  options: {
    detection: withSuggestions(text('--detection <id>', 'list only alerts of this detection'), 'detections'),
    severity: withSuggestions(
      parsed('--severity <severity>', 'list only alerts of this severity', severityOf),
      SEVERITIES,
    ),
    status: choice('--status <status>', 'list only alerts with this status', STATUS_NAMES),
    assignee: text('--assignee <name>', 'list only alerts that are assigned to this person'),
    silenced: flag('--silenced', 'list only alerts that a silence hid from a destination'),
    since: parsed('--since <time>', 'list only alerts younger than this, for example 24h', durationMs),
    limit: parsed('--limit <n>', `maximum number to list, newest first; default: ${LIMIT}`, wholeNumber(1)),
    store: STORE,
    format: FORMAT,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const { detection, severity, status, assignee, silenced, since, limit = LIMIT } = options
      const alerts = await store.alerts({
        detection,
        severity,
        status,
        assignee,
        silenced,
        limit,
        since: since === undefined ? undefined : store.now() - since,
      })
      if (options.format === 'json') session.print(jsonDocument({ alerts: alerts.map(alertJson) }))
      else session.print(alertsTable(alerts, session.style))
      if (alerts.length === limit) session.note(`showing the newest ${limit}; use --limit for more`)
      return EXIT_OK
    }),
})

function severityOf(given: string) {
  const severity = parseSeverity(given)
  if (!severity) throw new UserError('Use INFO, LOW, MEDIUM, HIGH or CRITICAL.', { code: 'invalid-option' })
  return severity
}
