/** The open alerts that a test case states, as inhibitors. Pure. */
import type { Inhibition, Inhibitor } from '../model/alerts/inhibition.ts'
import type { AlertMatch } from '../model/alerts/silence.ts'
import type { OpenAlert } from '../model/project/detection.ts'
import { matchesAlert } from './alert-match.ts'
import { inhibitionKey } from './inhibition-stage.ts'
import type { HandledAlert } from './stage.ts'

/** Conditions about what a case does not state are met. @param at the time of the case, epoch ms; null: times do not count. */
export function statedInhibitors(
  rules: readonly Inhibition[],
  open: readonly OpenAlert[],
  at: number | null,
): ReadonlyMap<string, Inhibitor> {
  const since = at ?? 0
  const found = open.flatMap((stated, i) => {
    const alert = alertOf(stated)
    return rules.flatMap((rule) => {
      const key = matchesAlert(statedConditions(rule.when, stated), alert) ? inhibitionKey(rule, alert) : null
      return key === null
        ? []
        : [[key, { alertId: `open-${i + 1}`, at: since, until: since + rule.forMs }] as const]
    })
  })
  return new Map(found)
}

function statedConditions(when: AlertMatch, stated: OpenAlert): AlertMatch {
  const { detections, severities, logTypes, tags, title, context } = when
  return {
    ...(detections && { detections }),
    ...(severities && stated.severity !== undefined && { severities }),
    ...(logTypes && stated.logTypes !== undefined && { logTypes }),
    ...(tags && stated.tags !== undefined && { tags }),
    ...(title && stated.title !== undefined && { title }),
    ...(context && stated.context !== undefined && { context }),
  }
}

function alertOf({ detection, severity, title, tags, logTypes, context }: OpenAlert): HandledAlert {
  return {
    detection,
    kind: 'RULE',
    severity: { value: severity ?? 'INFO', source: 'static' },
    title: title ?? '',
    tags: tags ?? [],
    logTypes: logTypes ?? [],
    context: context ?? '{}',
    dedup: '',
  }
}
