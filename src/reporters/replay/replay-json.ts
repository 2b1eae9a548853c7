/** The JSON report of a replay. Later versions only add keys. Pure. */
import type {
  ChangedAlert,
  ReplayedAlert,
  ReplayReport,
  RevisionReport,
} from '../../model/replay/replay-report.ts'

export function replayJson(report: ReplayReport): string {
  const { events, after, before, changes, problems, problemCount, budgets } = report
  const document = {
    version: 1,
    events: { ...events, from: time(events.from), until: time(events.until) },
    after: revision(after),
    before: before === null ? null : revision(before),
    changes:
      changes === null
        ? null
        : {
            added: changes.added.map(alert),
            removed: changes.removed.map(alert),
            changed: changes.changed.map(changedAlert),
          },
    alerts: after.alerts.map(alert),
    problems,
    problemCount,
    budgets: budgets.map(({ budget, isKept, message }) => ({ budget, kept: isKept, message })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function revision({ name, commit, detections, destinations, pagesPerWeek, alerts }: RevisionReport) {
  return {
    name,
    commit,
    alerts: alerts.length,
    pagesPerWeek,
    detections: [...detections].map(([id, { isMuted, ...totals }]) => ({ id, ...totals, muted: isMuted })),
    destinations: [...destinations].map(([each, totals]) => ({ name: each, ...totals })),
  }
}

function alert({ createdAt, ...each }: ReplayedAlert) {
  return { ...each, createdAt: time(createdAt) }
}

function changedAlert({ before, after, fields }: ChangedAlert) {
  return { fields, before: alert(before), after: alert(after) }
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
