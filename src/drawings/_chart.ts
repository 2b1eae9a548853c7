/** The content of every drawing of routes: a track per bundle, and a column per destination or other end. Pure. */
import type { RouteBundle } from '../model/alerts/route-table.ts'
import { SEVERITIES, type Severity } from '../model/alerts/severity.ts'

export interface Chart {
  readonly columns: readonly Column[]
  readonly groups: readonly { readonly logType: string; readonly tracks: readonly Track[] }[]
  readonly detections: number
}

interface Column {
  readonly name: string
  /** The column is not a destination but another end: no destination, suppressed, or decided at run time. */
  readonly isUndeclared: boolean
}

export interface Track {
  readonly bundle: RouteBundle
  /** The indices of the columns that this track reaches. */
  readonly stops: readonly number[]
  readonly label: string
}

const UNDECLARED_ENDS = {
  nowhere: 'no destination',
  suppressed: 'suppressed',
  unknown: 'decided at run time',
} as const

/** The highest severity comes first. */
export const SHOWN_SEVERITIES: readonly Severity[] = SEVERITIES.toReversed()

/** @param declared names of the registry, in its order; names that only routes know follow them. */
export function chartOf(bundles: readonly RouteBundle[], declared: readonly string[]): Chart {
  const named = new Set([...declared, ...bundles.flatMap(({ destinations }) => destinations)])
  const undeclared = Object.entries(UNDECLARED_ENDS).filter(([end]) =>
    bundles.some((bundle) => bundle.end === end),
  )
  const columns = [
    ...[...named].map((name) => ({ name, isUndeclared: false })),
    ...undeclared.map(([, name]) => ({ name, isUndeclared: true })),
  ]
  const columnOf = (name: string, isUndeclared: boolean) =>
    columns.findIndex((column) => column.name === name && column.isUndeclared === isUndeclared)
  const trackOf = (bundle: RouteBundle): Track => ({
    bundle,
    stops:
      bundle.end in UNDECLARED_ENDS
        ? [columnOf(UNDECLARED_ENDS[bundle.end as keyof typeof UNDECLARED_ENDS], true)]
        : bundle.destinations.map((name) => columnOf(name, false)).sort((a, b) => a - b),
    label: bundle.detections.length === 1 ? bundle.detections[0]! : `${bundle.detections.length} detections`,
  })
  return {
    columns,
    groups: [...Map.groupBy(bundles, ({ logType }) => logType)].map(([logType, own]) => ({
      logType,
      tracks: own.map(trackOf),
    })),
    detections: new Set(bundles.flatMap(({ detections }) => detections)).size,
  }
}

/** Escapes text for XML and HTML, both as content and in quoted attributes. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

export const SEVERITY_COLOURS: Readonly<Record<Severity, string>> = {
  CRITICAL: '#8e1b3a',
  HIGH: '#d1432f',
  MEDIUM: '#e08a1e',
  LOW: '#3f7fb5',
  INFO: '#8a94a0',
}
