/** The detections, and one detection with its tests and verdicts. Pure. */
import type { Detection } from '../../../model/project/detection.ts'
import type { DetectionFacts } from '../console-ports.ts'
import { type Html, html } from '../parts/html-template.ts'
import { actForm, type PageContext, type PageView } from '../parts/layout.ts'
import {
  counted,
  linkedText,
  outsideLink,
  pathOf,
  severityChip,
  stateChip,
  when,
  withQuery,
} from '../parts/words.ts'

export interface DetectionDetail {
  readonly detection: Detection
  readonly facts: DetectionFacts
}

export interface DetectionList {
  readonly details: readonly DetectionDetail[]
  readonly q: string
  readonly total: number
}

export function detectionsPage({ details, q, total }: DetectionList, context: PageContext): PageView {
  const body = html`<div class="heading"><h1>Detections</h1><p class="meta"><span>${counted(total, 'detection')}; Git is the place to change them</span></p></div>
<form method="get" action="/detections" role="search" class="filters"><div class="search"><label class="unseen" for="q">Search</label><input type="search" id="q" name="q" value="${q}" placeholder="Id, name, tag or log type" data-key="/" autocomplete="off"><button>Search</button></div></form>
${
  details.length === 0
    ? html`<div class="empty"><p>No detection matches.</p></div>`
    : html`<ul class="rows">${details.map((each) => item(each, context))}</ul>`
}
${details.length < total && html`<p class="quiet-text">${counted(details.length, 'detection')} of ${total} are shown: search for others.</p>`}`
  return { title: 'Detections', section: 'detections', body }
}

function item({ detection, facts }: DetectionDetail, { now }: PageContext): Html {
  const { id, displayName, severity } = detection
  return html`<li class="row" data-row>${severityChip(severity)}
<div class="what"><a class="title" href="${pathOf('detections', id)}">${id}</a><p class="meta">${
    displayName !== '' && html`<span>${displayName}</span>`
  }<span>${typesOf(detection)}</span></p></div>
<div class="state">${conditionChips(detection, facts)}</div>
<div class="age">${rateText(facts)}${facts.lastAlertAt !== null && html`<br>last ${when(facts.lastAlertAt, now)}`}</div></li>`
}

function conditionChips({ enabled }: Detection, { limiter, errors }: DetectionFacts): Html {
  const isMuted = limiter !== null && limiter.mutedAt !== null
  const isQuiet = enabled && !isMuted && errors === 0
  return html`${!enabled && stateChip('Disabled', 'quiet')}${isMuted && stateChip('Muted', 'bad')}${errors > 0 && stateChip(counted(errors, 'error'), 'attention')}${isQuiet && stateChip('Running', 'good')}`
}

/** The types of the events that it sees, or of the resources of a policy. */
function typesOf({ logTypes, resourceTypes }: Detection): string {
  return [...logTypes, ...resourceTypes].join(', ') || 'none'
}

function rateText({ alertsPerDay }: DetectionFacts): string {
  return `${Number(alertsPerDay.toFixed(1))} a day`
}

export function detectionPage(
  { detection, facts }: DetectionDetail,
  tests: readonly string[],
  context: PageContext,
): PageView {
  const { id, displayName, severity, type, description, runbook, reference, tags, location } = detection
  const { limiter, verdicts, lastAlertAt } = facts
  const isMuted = limiter !== null && limiter.mutedAt !== null
  const body = html`<p class="path"><a href="/detections">Detections</a></p>
<div class="heading alert-heading"><div class="chips">${severityChip(severity)}${conditionChips(detection, facts)}</div><h1>${displayName || id}</h1><p class="meta"><span>${id}</span><span>${type}</span><span>${location.file}</span></p></div>
${
  isMuted &&
  html`<div class="card"><p class="problem">It made too many alerts in an hour, so it makes no more. It was muted ${when(limiter.mutedAt!, context.now)}.</p>${actForm(
    context,
    { action: `${pathOf('detections', id)}/unmute`, does: 'unmute detections' },
    html`<p class="buttons"><button class="primary">Unmute</button></p>`,
  )}</div>`
}
<div class="columns"><div><section class="card" aria-labelledby="about"><h2 id="about">About</h2>
${description !== '' && html`<p class="prose">${linkedText(description)}</p>`}
${runbook !== '' && html`<h3>Runbook</h3><p class="prose">${linkedText(runbook)}</p>`}
<dl class="facts">
<div><dt>Log types</dt><dd>${typesOf(detection)}</dd></div>
${tags.length > 0 && html`<div><dt>Tags</dt><dd>${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</dd></div>`}
${reference !== '' && html`<div><dt>Reference</dt><dd>${outsideLink(reference)}</dd></div>`}
<div><dt>Dedup window</dt><dd>${detection.dedupPeriodMinutes} min</dd></div>
<div><dt>Threshold</dt><dd>${detection.threshold}</dd></div>
</dl></section>
<section class="card" aria-labelledby="tests"><h2 id="tests">Tests</h2>${
    tests.length === 0
      ? html`<p>It has no tests.</p>`
      : html`<ul class="plain-list">${tests.map((name) => html`<li>${name}</li>`)}</ul>`
  }</section></div>
<aside><section class="card" aria-labelledby="figures"><h2 id="figures">Figures of ${Math.round(facts.days)} days</h2><dl class="facts">
<div><dt>Alerts a day</dt><dd>${Number(facts.alertsPerDay.toFixed(1))}</dd></div>
<div><dt>Last alert</dt><dd>${lastAlertAt === null ? 'none' : when(lastAlertAt, context.now)}</dd></div>
<div><dt>Resolved</dt><dd>${verdicts.resolved}</dd></div>
<div><dt>False positives</dt><dd>${verdicts.falsePositives}${
    verdicts.resolved > 0 && html` (${Math.round((verdicts.falsePositives / verdicts.resolved) * 100)} %)`
  }</dd></div>
<div><dt>Errors</dt><dd>${facts.errors}</dd></div></dl>
<p><a href="${withQuery('/alerts', { detection: id, status: 'any' })}">Its alerts</a></p></section></aside></div>`
  return { title: id, section: 'detections', body }
}
