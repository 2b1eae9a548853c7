/** `alerts stats` shows for each detection its false positives, and how long people took to answer its alerts. */
import { roundedDurationText } from '../../../core/duration-text.ts'
import type { Style } from '../../../reporters/parts/terminal-text.ts'
import { type DetectionStats, readAlertStats } from '../../../workspace/alerts/alert-stats.ts'
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { durationMs } from '../../command/duration.ts'
import { FORMAT, parsed, STORE } from '../../command/options.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { iso } from '../../format/alert-view.ts'
import { table } from '../../format/table.ts'

const DEFAULT_SINCE = '30d'
const MAX_DETECTIONS_SHOWN = 10
const NOTE_EVERY_ROWS = 10_000

export const stats = defineCommand({
  options: {
    since: parsed(
      '--since <time>',
      `count only alerts younger than this; default: ${DEFAULT_SINCE}`,
      durationMs,
    ),
    store: STORE,
    format: FORMAT,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const since = Math.max(0, store.now() - (options.since ?? durationMs(DEFAULT_SINCE)))
      let noted = 0
      const detections = await readAlertStats(store, {
        since,
        onPage: (rows) => {
          if (rows - noted < NOTE_EVERY_ROWS) return
          noted = rows
          session.note(`read ${rows.toLocaleString('en-US')} rows of the store`)
        },
      })
      if (options.format === 'json') {
        session.print(jsonDocument({ since: iso(since), detections }))
        return EXIT_OK
      }
      session.print(statsTable(detections.slice(0, MAX_DETECTIONS_SHOWN), session.style))
      if (detections.length > MAX_DETECTIONS_SHOWN)
        session.note(
          `showing ${MAX_DETECTIONS_SHOWN} of ${detections.length} detections; use --format json for all`,
        )
      return EXIT_OK
    }),
})

function statsTable(detections: readonly DetectionStats[], style: Style): string {
  if (detections.length === 0) return 'no alerts\n'
  const rows = detections.map((each) => [
    each.detection,
    String(each.alerts),
    String(each.resolved),
    String(each.falsePositives),
    each.falsePositiveShare === null ? '-' : `${Math.round(each.falsePositiveShare * 100)} %`,
    timeText(each.medianAcknowledgeMs),
    timeText(each.medianResolveMs),
  ])
  const header = ['DETECTION', 'ALERTS', 'RESOLVED', 'FALSE', 'SHARE', 'ACKNOWLEDGED IN', 'RESOLVED IN']
  return table(header, rows, style)
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : roundedDurationText(ms)
}
