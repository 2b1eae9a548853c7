/** What a person can do with an alert, as forms that work without script. Pure. */
import { alertGroup } from '../../../model/alerts/alert-kind.ts'
import type { AlertRow } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import { actForm, type PageContext, roleSentence } from '../parts/layout.ts'
import { pathOf, withQuery } from '../parts/words.ts'
import type { ActError, AlertDetail } from './alert-detail.ts'
import { noteField, reasonField } from './bulk-page.ts'

export function alertActs(detail: AlertDetail, error: ActError | null, context: PageContext): Html {
  if (context.identity.role !== 'operator')
    return html`<p class="needs-role">${roleSentence('acknowledge, resolve, assign, comment or send alerts again')}</p>`
  const { alert, recipients } = detail
  const path = (verb: string) => `${pathOf('alerts', alert.id)}/${verb}`
  const errorOf = (verb: string) => (error?.verb === verb ? error.sentence : null)
  const form = (verb: string, content: Html, className = 'inline') =>
    actForm(context, { action: path(verb), className, does: verb }, content)
  const { status, assignee } = alert.status
  return html`<div class="acts" role="group" aria-label="What to do">
${status === 'open' && form('acknowledge', html`<button class="primary" data-key="a">Acknowledge</button>`)}
${
  status !== 'resolved' &&
  opened(
    'Resolve',
    'resolve',
    errorOf('resolve'),
    form(
      'resolve',
      html`${reasonField(errorOf('resolve'))}${noteField()}<p class="buttons"><button class="primary">Resolve</button></p>`,
      'stack',
    ),
  )
}
${
  status !== 'open' &&
  opened(
    status === 'resolved' ? 'Reopen' : 'Release',
    'reopen',
    errorOf('reopen'),
    form(
      'reopen',
      html`${noteField()}<p class="buttons"><button class="primary">${status === 'resolved' ? 'Reopen' : 'Release'}</button></p>`,
      'stack',
    ),
  )
}
${opened('Comment', 'comment', errorOf('comment'), form('comment', html`<label>Comment<textarea name="note" rows="3" maxlength="2000" required></textarea></label>${errorText(errorOf('comment'))}<p class="buttons"><button class="primary">Add the comment</button></p>`, 'stack'))}
${opened('Assign', 'assign', errorOf('assign'), form('assign', html`<label>Assigned to<input name="assignee" value="${assignee}" maxlength="64" autocomplete="off"></label><p class="hint">Leave it empty for no one.</p>${errorText(errorOf('assign'))}<p class="buttons"><button class="primary">Assign</button></p>`, 'stack'))}
${opened('Send again', 'resend', errorOf('resend'), form('resend', html`<fieldset><legend>Send to</legend>${recipients.map((name) => recipientBox(name, alert.route.destinations))}</fieldset>${errorText(errorOf('resend'))}<p class="buttons"><button class="primary">Send again</button></p>`, 'stack'))}
<a class="button quiet" href="${silencePath(alert)}" data-key="s">Silence…</a>
</div>`
}

/** The form of a silence, filled for alerts like this one. */
function silencePath({ detection, severity, kind }: AlertRow): string {
  return withQuery('/silences/new', { detection, severity, type: alertGroup(kind) })
}

const KEYS: Readonly<Record<string, string>> = { resolve: 'r', comment: 'c' }

/** A button that opens the fields of an act below it. */
function opened(title: string, verb: string, error: string | null, form: Html): Html {
  const state = error === null ? null : html` open`
  const key = KEYS[verb] === undefined ? null : html` data-key="${KEYS[verb]}"`
  return html`<details class="act" name="act"${state}><summary class="button quiet"${key}>${title}…</summary><div class="popover">${form}</div></details>`
}

function recipientBox(name: string, chosen: readonly string[]): Html {
  const state = chosen.includes(name) ? html` checked` : null
  return html`<label class="check"><input type="checkbox" name="destination" value="${name}"${state}> ${name}</label>`
}

function errorText(sentence: string | null): Html | null {
  return sentence === null ? null : html`<p class="error" role="alert">${sentence}</p>`
}
