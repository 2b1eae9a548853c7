/** The stage of inhibition: an alert that an open alert explains is not sent. It looks back only. Pure. */
import { createHash } from 'node:crypto'
import { instantText } from '../core/instant.ts'
import type { HandlingStep } from '../model/alerts/handling.ts'
import type { Inhibition, Inhibitor } from '../model/alerts/inhibition.ts'
import { matchesByDefault, textsAt } from './alert-match.ts'
import type { HandledAlert, StageInput, StageResult } from './stage.ts'

const SHOWN_ID_CHARS = 12
const TITLE = 'title'

export function inhibitionStage({ alert, sends, rules, state, now }: StageInput): StageResult | null {
  if (rules.inhibitions.length === 0) return null
  for (const rule of rules.inhibitions) {
    const key = matchesByDefault(rule.hide, alert) ? inhibitionKey(rule, alert) : null
    const inhibitor = key === null ? undefined : state.inhibitors.get(key)
    if (!inhibitor || !isInForce(inhibitor, now)) continue
    return {
      sends: sends.map(({ destination }) => ({ destination, how: 'none' })),
      steps: sends.map(({ destination }) => hiddenStep(destination, rule, inhibitor)),
    }
  }
  const reason = 'no open alert inhibits it'
  return { sends, steps: [{ stage: 'inhibition', did: 'passed', by: '', reason }] }
}

function isInForce({ at, until }: Inhibitor, now: number | null): boolean {
  return now === null || (at <= now && now < until)
}

function hiddenStep(destination: string, { id }: Inhibition, { alertId, until }: Inhibitor): HandlingStep {
  const reason = `${id}: the alert ${alertId.slice(0, SHOWN_ID_CHARS)} is open, and hides it until ${instantText(until)} at the latest`
  return { stage: 'inhibition', destination, did: 'hid', by: id, until, reason }
}

/** Returns the keys under which alerts that can hide this one, or be hidden by it, are found. */
export function inhibitionKeys(rules: readonly Inhibition[], alert: HandledAlert): readonly string[] {
  return rules.flatMap((rule) => {
    const isConcerned = matchesByDefault(rule.hide, alert) || matchesByDefault(rule.when, alert)
    return isConcerned ? (inhibitionKey(rule, alert) ?? []) : []
  })
}

/** Returns what a new alert hides from now on, by its keys. */
export function startedInhibitions(
  rules: readonly Inhibition[],
  alert: HandledAlert,
  inhibitor: Pick<Inhibitor, 'alertId' | 'at'>,
): readonly (readonly [string, Inhibitor])[] {
  return rules.flatMap((rule) => {
    const key = matchesByDefault(rule.when, alert) ? inhibitionKey(rule, alert) : null
    return key === null ? [] : [[key, { ...inhibitor, until: inhibitor.at + rule.forMs }] as const]
  })
}

/** Alerts with the same key have the same values. Returns null if a value is absent: it equals nothing. */
export function inhibitionKey({ id, equal }: Inhibition, alert: HandledAlert): string | null {
  const context: unknown = equal.length === 0 ? null : JSON.parse(alert.context)
  const values = equal.map((path) => (path === TITLE ? [alert.title] : textsAt(context, path)))
  if (values.some((texts) => texts.length === 0)) return null
  const text = JSON.stringify([id, ...values.map((texts) => texts.toSorted())])
  return createHash('sha256').update(text).digest('hex')
}
