/** The picture of the routes, and the same as a table. */
import { drawRoutesForPage } from '../../../drawings/draw-routes.ts'
import type { RouteBundle, RouteTable } from '../../../model/alerts/route-table.ts'
import type { Registry } from '../../../model/project/destination.ts'
import { bundleRoutes } from '../../../routing/route-bundles.ts'
import { type Html, html, raw } from '../parts/html-template.ts'
import type { PageView } from '../parts/layout.ts'
import { pathOf, severityChip } from '../parts/words.ts'

const ENDS: Readonly<Record<RouteBundle['end'], string>> = {
  destinations: '',
  fallback: ' (fallback)',
  nowhere: 'no destination',
  suppressed: 'suppressed',
  unknown: 'decided at run time',
}

export function routesPage(table: RouteTable, registry: Registry): PageView {
  const bundles = bundleRoutes(table)
  const body = html`<div class="heading"><h1>Routes</h1><p class="meta"><span>Where the alerts of each detection go, by its metadata and its code</span></p></div>
${
  bundles.length === 0
    ? html`<div class="empty"><p>No detection makes alerts.</p></div>`
    : html`<div class="card picture" tabindex="0" role="region" aria-label="The picture of the routes">${raw(drawRoutesForPage(table, registry))}</div>
<section class="card" aria-labelledby="table"><h2 id="table">The same as a table</h2>${bundlesTable(bundles)}</section>`
}`
  return { title: 'Routes', section: 'routes', body }
}

function bundlesTable(bundles: readonly RouteBundle[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Routes as a table"><table><thead><tr><th scope="col">Log type</th><th scope="col">Severities</th><th scope="col">Detections</th><th scope="col">Destinations</th></tr></thead>
<tbody>${bundles.map(bundleRow)}</tbody></table></div>`
}

function bundleRow({ logType, severities, detections, destinations, end, evidence }: RouteBundle): Html {
  const names = destinations.join(', ')
  const isUncertain = evidence === 'unknown' && end !== 'unknown'
  return html`<tr><th scope="row">${logType}</th><td class="nowrap"><span class="chips">${severities.map(severityChip)}</span></td><td>${detections.map(
    (id) => html`<a href="${pathOf('detections', id)}">${id}</a><br>`,
  )}</td><td>${names}${ENDS[end]}${isUncertain && html` <span class="quiet-text">decided at run time</span>`}</td></tr>`
}
