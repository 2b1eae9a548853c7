/** The silences: those of the project and those that people made, with what each of them has hidden, and the acts. Pure. */
import type { AlertMatch, Silence } from '../../../model/alerts/silence.ts'
import type { ShownSilence } from '../console-ports.ts'
import { type Html, html } from '../parts/html-template.ts'
import { actForm, type PageContext, type PageView, roleSentence } from '../parts/layout.ts'
import { capital, counted, exactTime, pathOf, stateChip, when, withQuery } from '../parts/words.ts'
import { durationField } from './duration-field.ts'

/** What was wrong with the last form of a silence. */
export interface SilenceError {
  readonly id: string
  readonly sentence: string
}

export function silencesPage(
  silences: readonly ShownSilence[],
  error: SilenceError | null,
  context: PageContext,
): PageView {
  const { now } = context
  const isEnded = ({ silence }: ShownSilence) => silence.until <= now
  const body = html`<div class="heading"><h1>Silences</h1>${context.identity.role === 'operator' && html`<a class="button quiet" href="/silences/new">New silence…</a>`}<p class="meta"><span>A silence keeps matching alerts from being sent until its end. The alerts stay in the lists.</span></p></div>
<div id="list" data-live="list">
${
  silences.length === 0
    ? html`<div class="empty"><p>There is no silence.</p></div>`
    : html`<ul class="cards">${silences.toSorted((a, b) => Number(isEnded(a)) - Number(isEnded(b)) || a.silence.until - b.silence.until).map((each) => silenceCard(each, error, context))}</ul>`
}</div>
<p class="live" id="live" role="status" aria-live="polite"></p>`
  return { title: 'Silences', section: 'silences', body }
}

function silenceCard(shown: ShownSilence, error: SilenceError | null, context: PageContext): Html {
  const { silence, createdBy, hits, lastHitAt } = shown
  const { now } = context
  const { id, from, until, reason, owner, match, except, destinations } = silence
  return html`<li class="card"><h2>${id}</h2>
<p class="line">${stateOf(silence, now)}<span class="tag">${createdBy === null ? 'of the project' : `made by ${createdBy}`}</span></p>
<p class="prose">${reason}</p>
<dl class="facts">
<div><dt>Owner</dt><dd>${owner}</dd></div>
${from !== null && html`<div><dt>From</dt><dd>${exactTime(from)}</dd></div>`}
<div><dt>Until</dt><dd>${exactTime(until)} <span class="quiet-text">${when(until, now)}</span></dd></div>
<div><dt>Hides</dt><dd>${matchText(match)}</dd></div>
${except && html`<div><dt>But not</dt><dd>${matchText(except)}</dd></div>`}
<div><dt>At</dt><dd>${destinations === null ? 'all destinations' : destinations.join(', ')}</dd></div>
<div><dt>Has hidden</dt><dd>${hits === 0 ? 'nothing' : hiddenLink(id, hits)}${lastHitAt !== null && html`, the last ${when(lastHitAt, now)}`}</dd></div>
</dl>${createdBy !== null && until > now && silenceActs(id, error?.id === id ? error.sentence : null, context)}</li>`
}

/** Alerts of every status, because most of what is hidden is resolved by its end. */
function hiddenLink(id: string, hits: number): Html {
  return html`<a href="${withQuery('/alerts', { silencedBy: id, status: 'any' })}">${counted(hits, 'alert')}</a>`
}

function silenceActs(id: string, error: string | null, context: PageContext): Html {
  if (context.identity.role !== 'operator')
    return html`<p class="needs-role">${roleSentence('extend or expire silences')}</p>`
  const path = pathOf('silences', id)
  return html`<div class="buttons">${actForm(
    context,
    { action: `${path}/extend`, className: 'row-form', does: `extend ${id}` },
    html`${durationField({ label: 'New end, from now', id: `for-${id}`, value: '', error })}<button class="quiet">Extend</button>`,
  )}${actForm(
    context,
    { action: `${path}/expire`, className: 'inline', does: `expire ${id}` },
    html`<button class="quiet">Expire now</button>`,
  )}</div>`
}

function stateOf({ from, until }: Silence, now: number): Html {
  if (until <= now) return stateChip('Ended', 'quiet')
  return from !== null && from > now ? stateChip('Not yet', 'quiet') : stateChip('In force', 'attention')
}

/** One line for each key; all of them must hold. */
function matchText({ context, ...lists }: AlertMatch): Html {
  const given = Object.entries(lists).filter(
    (entry): entry is [string, readonly string[]] => entry[1] !== undefined,
  )
  const all = [...given, ...Object.entries(context ?? {})]
  if (all.length === 0) return html`everything`
  return html`<ul class="plain-list">${all.map(([key, values]) => html`<li><span class="quiet-text">${capital(key)}</span> ${values.join(', ')}</li>`)}</ul>`
}
