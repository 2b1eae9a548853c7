/** Draws a route table as a picture of the requested kind. Pure. */

import type { RouteTable } from '../model/alerts/route-table.ts'
import { declaredDestinations, type NoRegistry, type Registry } from '../model/project/destination.ts'
import { bundleRoutes } from '../routing/route-bundles.ts'
import { type Chart, chartOf } from './_chart.ts'
import { routesHtml } from './html.ts'
import { routesMermaid } from './mermaid.ts'
import { routesSvg, routesSvgForPage } from './svg.ts'

export const DRAWINGS = ['mermaid', 'html', 'svg'] as const
type Drawing = (typeof DRAWINGS)[number]

const DRAW: Readonly<Record<Drawing, (chart: Chart) => string>> = {
  mermaid: routesMermaid,
  html: routesHtml,
  svg: routesSvg,
}

export function drawRoutes(kind: Drawing, table: RouteTable, registry: Registry | NoRegistry): string {
  return DRAW[kind](chartFor(table, registry))
}

/** Draws the routes for a page that has a stylesheet for them. */
export function drawRoutesForPage(table: RouteTable, registry: Registry | NoRegistry): string {
  return routesSvgForPage(chartFor(table, registry))
}

function chartFor(table: RouteTable, registry: Registry | NoRegistry): Chart {
  return chartOf(
    bundleRoutes(table),
    declaredDestinations(registry).map(({ name }) => name),
  )
}
