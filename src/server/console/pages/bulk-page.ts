/** The question before an act on several alerts: which ones, and what for a resolve is the reason. Pure. */
import { CLOSED_REASONS, type ClosedReason } from '../../../model/alerts/alert-status.ts'
import type { AlertSummary } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import { hidden, type PageContext, type PageView } from '../parts/layout.ts'
import { counted, pathOf, severityChip, statusChip, when } from '../parts/words.ts'

/** What people may say; `info` and `expired` are reasons of rules. */
const REASON_TITLES: Readonly<Record<ClosedReason, string | null>> = {
  'true-positive': 'True positive: it was what the detection looks for',
  'false-positive': 'False positive: the detection was wrong',
  expected: 'Expected: it was meant to happen',
  duplicate: 'Duplicate: another alert has it',
  fixed: 'Fixed: the cause is gone',
  info: null,
  expired: null,
}

export interface BulkQuestion {
  readonly verb: 'acknowledge' | 'resolve'
  readonly alerts: readonly AlertSummary[]
  /** What was wrong with the answer before; null: there was none. */
  readonly error: string | null
  readonly back: string
}

export function bulkPage({ verb, alerts, error, back }: BulkQuestion, context: PageContext): PageView {
  const title = `${verb === 'resolve' ? 'Resolve' : 'Acknowledge'} ${counted(alerts.length, 'alert')}`
  const fields = { _token: context.forgeryToken, _form: context.formId, back, verb, confirmed: 'yes' }
  const body = html`<div class="heading"><h1>${title}?</h1></div>
<form method="post" action="/alerts/selected" class="card question">
${hidden(fields)}
${alerts.map(({ id }) => html`<input type="hidden" name="id" value="${id}">`)}
${verb === 'resolve' && reasonField(error)}
${noteField()}
<p class="buttons"><button class="primary">${title}</button><a class="button quiet" href="${back}">Cancel</a></p>
</form>
<h2>These alerts</h2>
${plainAlertRows(alerts, context)}`
  return { title, section: 'alerts', body }
}

/** Alerts without acts. */
export function plainAlertRows(alerts: readonly AlertSummary[], { now }: PageContext): Html {
  return html`<ul class="rows alerts plain">${alerts.map(
    ({ id, title: name, severity, status, detection, createdAt }) =>
      html`<li class="row">${severityChip(severity)}<div class="what"><a class="title" href="${pathOf('alerts', id)}">${name}</a><p class="meta"><span>${detection}</span></p></div><div class="state">${statusChip(status)}</div><div class="age">${when(createdAt, now)}</div></li>`,
  )}</ul>`
}

export function reasonField(error: string | null): Html {
  const invalid = error === null ? null : html` aria-invalid="true" aria-describedby="reason-error"`
  const options = CLOSED_REASONS.flatMap((reason) => {
    const title = REASON_TITLES[reason]
    return title === null ? [] : html`<option value="${reason}">${title}</option>`
  })
  return html`<label>Reason<select name="reason" required${invalid}><option value="">Choose a reason</option>${options}</select></label>
${error !== null && html`<p class="error" id="reason-error" role="alert">${error}</p>`}`
}

export function noteField(): Html {
  return html`<label>Note, if there is something to say<textarea name="note" rows="2" maxlength="2000"></textarea></label>`
}
