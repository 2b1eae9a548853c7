/** The page to add a silence: its form, and which stored alerts it would have hidden. Pure. */
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import type { SilencePreview } from '../console-ports.ts'
import { type Html, html } from '../parts/html-template.ts'
import { actForm, type PageContext, type PageView } from '../parts/layout.ts'
import { capital, counted, wholeNumberText } from '../parts/words.ts'
import { plainAlertRows } from './bulk-page.ts'
import { durationField } from './duration-field.ts'
import {
  ALERT_TYPES,
  type FieldError,
  MAX_GLOB_CHARS,
  type SilenceField,
  type SilenceFields,
} from './silence-fields.ts'

const MAX_PREVIEWED = 20

export interface NewSilence {
  readonly fields: SilenceFields
  readonly errors: readonly FieldError[]
  /** null: it was not asked for. */
  readonly preview: SilencePreview | null
  /** The names of the destinations of the project. */
  readonly destinations: readonly string[]
}

export function newSilencePage(silence: NewSilence, context: PageContext): PageView {
  const { preview } = silence
  const body = html`<p class="path"><a href="/silences">Silences</a> <span aria-hidden="true">/</span> new</p>
<div class="heading"><h1>New silence</h1><p class="meta"><span>It is in force at once. It hides an alert that all fields match.</span></p></div>
${actForm(context, { action: '/silences', className: 'card question', does: 'add silences' }, formContent(silence))}
${preview && previewSection(preview, context)}`
  return { title: 'New silence', section: 'silences', body }
}

function formContent({ fields, errors, destinations }: NewSilence): Html {
  const errorOf = (field: SilenceField) => errors.find((each) => each.field === field)?.sentence ?? null
  const others = errors.filter(({ field }) => field === null)
  const { detection, title, type, severities, reason, duration, critical } = fields
  return html`${others.map(({ sentence }) => html`<p class="error" role="alert">${sentence}</p>`)}
<label>Detection<input name="detection" value="${detection}" maxlength="${MAX_GLOB_CHARS}" autocomplete="off"${described('detection', errorOf)}></label>${errorText('detection', errorOf)}
<label>Title<input name="title" value="${title}" maxlength="${MAX_GLOB_CHARS}" autocomplete="off"${described('title', errorOf)}></label>${errorText('title', errorOf)}
<p class="hint">In both, * is any text and ? is one character. An empty field matches everything.</p>
<label>Type<select name="type"${described('type', errorOf)}>${ALERT_TYPES.map(([value, text]) => html`<option value="${value}"${value === type ? html` selected` : null}>${text}</option>`)}</select></label>${errorText('type', errorOf)}
<fieldset${described('severity', errorOf)}><legend>Severities, none for all</legend>${SEVERITIES.toReversed().map((each) => box('severity', each, capital(each.toLowerCase()), severities.includes(each)))}</fieldset>${errorText('severity', errorOf)}
<fieldset><legend>Destinations, none for all</legend>${destinations.map((name) => box('destination', name, name, fields.destinations.includes(name)))}</fieldset>
<label>Reason<textarea name="reason" rows="2" maxlength="2000" required${described('reason', errorOf)}>${reason}</textarea></label>${errorText('reason', errorOf)}
${durationField({ label: 'Ends after', id: 'for', value: duration, error: errorOf('for') })}
<label class="check"><input type="checkbox" name="critical" value="yes"${critical ? html` checked` : null}${described('critical', errorOf)}> It may hide alerts of the severity CRITICAL</label>${errorText('critical', errorOf)}
<p class="buttons"><button class="quiet" formaction="/silences/preview#preview" formnovalidate>Preview</button><button class="primary">Add</button><a class="button quiet" href="/silences">Cancel</a></p>`
}

type ErrorOf = (field: SilenceField) => string | null

function described(field: SilenceField, errorOf: ErrorOf): Html | null {
  if (errorOf(field) === null) return null
  const reference = html` aria-describedby="${field}-error"`
  // A group of boxes has no such state.
  return field === 'severity' ? reference : html` aria-invalid="true"${reference}`
}

function errorText(field: SilenceField, errorOf: ErrorOf): Html | null {
  const sentence = errorOf(field)
  return sentence === null ? null : html`<p class="error" id="${field}-error" role="alert">${sentence}</p>`
}

function box(name: string, value: string, title: string, isChosen: boolean): Html {
  return html`<label class="check"><input type="checkbox" name="${name}" value="${value}"${isChosen ? html` checked` : null}> ${title}</label>`
}

function previewSection({ looked, hidden }: SilencePreview, context: PageContext): Html {
  const critical = hidden.filter(({ severity }) => severity === 'CRITICAL').length
  const shown = hidden.slice(0, MAX_PREVIEWED)
  return html`<section class="card" aria-labelledby="preview"><h2 id="preview">Preview</h2>
<p role="status">It would have hidden ${counted(hidden.length, 'alert')} of the newest ${wholeNumberText(looked)} of the last 30 days, ${wholeNumberText(critical)} of them with the severity CRITICAL.</p>
${shown.length > 0 && plainAlertRows(shown, context)}
${shown.length < hidden.length && html`<p class="quiet-text">These are the first ${shown.length}.</p>`}</section>`
}
