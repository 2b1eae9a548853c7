/** The silences: those of the project and those that people made, with what each of them has hidden. Pure. */
import type { AlertMatch, Silence } from '../../../model/alerts/silence.ts'
import type { ShownSilence } from '../console-ports.ts'
import { type Html, html } from '../parts/html-template.ts'
import type { PageContext, PageView } from '../parts/layout.ts'
import { capital, counted, exactTime, stateChip, when } from '../parts/words.ts'

export function silencesPage(silences: readonly ShownSilence[], context: PageContext): PageView {
  const { now } = context
  const isEnded = ({ silence }: ShownSilence) => silence.until <= now
  const body = html`<div class="heading"><h1>Silences</h1><p class="meta"><span>A silence keeps matching alerts from being sent until its end. The alerts stay in the lists.</span></p></div>
<div id="list" data-live="list">
${
  silences.length === 0
    ? html`<div class="empty"><p>There is no silence.</p></div>`
    : html`<ul class="cards">${silences.toSorted((a, b) => Number(isEnded(a)) - Number(isEnded(b)) || a.silence.until - b.silence.until).map((each) => silenceCard(each, now))}</ul>`
}</div>`
  return { title: 'Silences', section: 'silences', body }
}

function silenceCard({ silence, createdBy, hits, lastHitAt }: ShownSilence, now: number): Html {
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
<div><dt>Has hidden</dt><dd>${hits === 0 ? 'nothing' : counted(hits, 'alert')}${lastHitAt !== null && html`, the last ${when(lastHitAt, now)}`}</dd></div>
</dl></li>`
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
