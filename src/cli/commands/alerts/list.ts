/** `alerts list` and `alerts search` list the newest alerts by filters, and `search` also by a text. */
import { UserError } from '../../../errors.ts'
import { STATUS_NAMES } from '../../../model/alerts/alert-status.ts'
import { parseSeverity, SEVERITIES } from '../../../model/alerts/severity.ts'
import { type AlertQuery, MIN_SEARCHED_CHARS } from '../../../store/store.ts'
import { defineCommand, EXIT_OK, type Io } from '../../command/command.ts'
import { durationMs } from '../../command/duration.ts'
import {
  choice,
  FORMAT,
  flag,
  type GlobalOptions,
  parsed,
  STORE,
  text,
  type Values,
  wholeNumber,
  withSuggestions,
} from '../../command/options.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { alertJson, alertsTable } from '../../format/alert-view.ts'

const LIMIT = 50

const FILTERS = {
  detection: withSuggestions(text('--detection <id>', 'list only alerts of this detection'), 'detections'),
  severity: withSuggestions(
    parsed('--severity <severity>', 'list only alerts of this severity', severityOf),
    SEVERITIES,
  ),
  status: choice('--status <status>', 'list only alerts with this status', STATUS_NAMES),
  assignee: text('--assignee <name>', 'list only alerts that are assigned to this person'),
  destination: withSuggestions(
    text('--destination <name>', 'list only alerts whose route has this destination'),
    'destinations',
  ),
  silenced: flag('--silenced', 'list only alerts that a silence hid from a destination'),
  tag: text('--tag <tag>', 'list only alerts with this tag'),
  since: parsed('--since <time>', 'list only alerts younger than this, for example 24h', durationMs),
  limit: parsed('--limit <n>', `maximum number to list, newest first; default: ${LIMIT}`, wholeNumber(1)),
  store: STORE,
  format: FORMAT,
}

export const list = defineCommand({
  options: FILTERS,
  run: ({ options }, io) => listAlerts({}, options, io),
})

export const search = defineCommand({
  arguments: { '<text>': 'a part of the title, the dedup string, the id of the detection or a tag' },
  options: FILTERS,
  run: async ({ args: [searched = ''], options }, io) => {
    if (Array.from(searched).length < MIN_SEARCHED_CHARS)
      throw new UserError(`"${searched}" is too short to search for`, {
        code: 'invalid-option',
        hint: `give at least ${MIN_SEARCHED_CHARS} characters`,
      })
    return listAlerts({ text: searched }, options, io)
  },
})

function listAlerts(
  query: Pick<AlertQuery, 'text'>,
  options: Values<typeof FILTERS> & Values<GlobalOptions>,
  io: Io,
): Promise<number> {
  const {
    detection,
    severity,
    status,
    assignee,
    destination,
    silenced,
    tag,
    since,
    limit = LIMIT,
    format,
  } = options
  return withStore(options, io, 'read', async (store, session) => {
    const { alerts, next } = await store.findAlerts({
      ...query,
      detection,
      severities: severity && [severity],
      statuses: status && [status],
      assignee,
      destination,
      silenced,
      tag,
      limit,
      since: since === undefined ? undefined : store.now() - since,
    })
    if (format === 'json') session.print(jsonDocument({ alerts: alerts.map(alertJson) }))
    else session.print(alertsTable(alerts, session.style))
    if (next !== null) session.note(`showing the newest ${limit}; use --limit for more`)
    return EXIT_OK
  })
}

function severityOf(given: string) {
  const severity = parseSeverity(given)
  if (!severity) throw new UserError('Use INFO, LOW, MEDIUM, HIGH or CRITICAL.', { code: 'invalid-option' })
  return severity
}
