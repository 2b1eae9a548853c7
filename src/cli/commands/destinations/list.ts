/** `destinations list` prints each destination with its filters, its state, and the number of detections that reach it. */

import { isError } from '../../../errors.ts'
import { ALERT_KINDS, alertGroup } from '../../../model/alerts/alert-kind.ts'
import type { RouteTable } from '../../../model/alerts/route-table.ts'
import type { Log } from '../../../model/ports.ts'
import type { Destination } from '../../../model/project/destination.ts'
import { counted, escapeForTerminal } from '../../../reporters/parts/terminal-text.ts'
import type { DestinationState, Store } from '../../../store/store.ts'
import type { ProjectWithRegistry } from '../../../workspace/destinations/registry.ts'
import { type DestinationView, viewRegistry } from '../../../workspace/destinations/registry-view.ts'
import { isHeld } from '../../../workspace/destinations/resume-destination.ts'
import { startEngine, type WorkspaceOptions } from '../../../workspace/open-project.ts'
import { openProjectStore } from '../../../workspace/project-store.ts'
import { routeTable } from '../../../workspace/routes/route-table-builder.ts'
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { ALLOW_LOCAL_TYPES, FORMAT, STORE } from '../../command/options.ts'
import { openRegistry, type RegistrySession } from '../../command/registry-session.ts'
import { jsonDocument } from '../../command/store-session.ts'
import { formatTime, table } from '../../format/table.ts'

export const list = defineCommand({
  options: { store: STORE, allowLocalTypes: ALLOW_LOCAL_TYPES, format: FORMAT },
  async run({ options }, io) {
    const session = await openRegistry(options, io)
    const views = await viewsOf(session, options.store)
    if (options.format === 'json') session.print(jsonDocument({ destinations: views.map(viewJson) }))
    else session.print(listing(views, session))
    return EXIT_OK
  },
})

async function viewsOf(session: RegistrySession, url: string | undefined): Promise<DestinationView[]> {
  const { project, workspace, log } = session
  const routes = await routesOf(project, log)
  const store = await storeOf(workspace, url)
  try {
    return await viewRegistry(project, routes, store)
  } finally {
    await store?.close()
  }
}

async function routesOf(project: ProjectWithRegistry, log: Log): Promise<RouteTable> {
  const engine = await startEngine(project, 'test', log)
  try {
    return await routeTable(project, engine)
  } finally {
    await engine.close()
  }
}

/** @returns null if the store does not exist, as in a new repository. */
async function storeOf(workspace: WorkspaceOptions, url: string | undefined): Promise<Store | null> {
  try {
    return await openProjectStore(workspace, url, 'read')
  } catch (error) {
    if (isError(error, 'user') && url === undefined) return null
    throw error
  }
}

function listing(views: readonly DestinationView[], { style }: RegistrySession): string {
  if (views.length === 0) return 'no destinations\n'
  const counts = countColumns(views)
  const rows = views.map((view) => {
    const { name, type, severities } = view.destination
    return [
      name,
      type,
      severities.join(' ') || '-',
      filtersOf(view.destination),
      stateOf(view),
      ...counts.map((count) => String(view.backlog?.[count] ?? 0)),
      countText(view),
    ]
  })
  const titles = counts.map((count) => count.toUpperCase())
  const header = ['NAME', 'TYPE', 'SEVERITIES', 'FILTERS', 'STATE', ...titles, 'DETECTIONS']
  return table(header, rows, style) + views.map(pauseText).join('')
}

/** Only destinations with updates have scheduled ones, so others get no column for them. */
function countColumns(views: readonly DestinationView[]): (keyof NonNullable<DestinationView['backlog']>)[] {
  if (!views[0]?.backlog) return []
  const isAnyScheduled = views.some(({ backlog }) => backlog && backlog.scheduled > 0)
  return isAnyScheduled ? ['waiting', 'scheduled', 'dead'] : ['waiting', 'dead']
}

/** The whole reason, which is too long for a cell of the table, and what to do. */
function pauseText({ destination: { name, enabled }, state, pauseHint }: DestinationView): string {
  if (!enabled || state === null || state.pausedAt === null) return ''
  const reason = escapeForTerminal(`${name} is paused: ${state.pausedReason}`)
  return `\n${reason}\n  hint: ${pauseHint}\n`
}

function filtersOf({ alertTypes, logTypes, strict }: Destination): string {
  const parts = [alertTypes && groupedKinds(alertTypes).join(' '), logTypes?.join(' '), strict && 'strict']
  return parts.filter(Boolean).join('; ') || '-'
}

/** A complete group of kinds is written as the name of the group. */
function groupedKinds(kinds: NonNullable<Destination['alertTypes']>): string[] {
  const whole = (['ALERT', 'DETECTION_ERROR'] as const).filter((group) =>
    ALERT_KINDS.filter((kind) => alertGroup(kind) === group).every((kind) => kinds.includes(kind)),
  )
  const single = kinds.filter((kind) => !whole.some((group) => group === alertGroup(kind)))
  return [...whole, ...single]
}

function stateOf({ destination, state, isFallback }: DestinationView): string {
  const parts = [destination.enabled ? healthOf(state, Date.now()) : 'disabled', isFallback && 'fallback']
  return parts.filter(Boolean).join(', ')
}

function healthOf(state: DestinationState | null, now: number): string {
  if (!state) return 'enabled'
  const { pausedAt, heldUntil, failures } = state
  if (pausedAt !== null) return `paused since ${formatTime(pausedAt)}`
  const failing = failures > 0 && `${counted(failures, 'failure')} in a row`
  const held = isHeld(state, now) && `next try ${formatTime(heldUntil!)}`
  return [failing || held ? '' : 'enabled', failing, held].filter(Boolean).join(', ')
}

function countText({ counts: { certain, possible } }: DestinationView): string {
  return possible > 0 ? `${certain} to ${certain + possible}` : String(certain)
}

function viewJson({ destination, counts, isFallback, state, backlog }: DestinationView) {
  const { name, id, type, enabled, severities, alertTypes, logTypes, strict } = destination
  const paused =
    state?.pausedAt == null
      ? null
      : { since: new Date(state.pausedAt).toISOString(), reason: state.pausedReason }
  return {
    name,
    id,
    type,
    enabled,
    severities,
    alertTypes,
    logTypes,
    strict,
    fallback: isFallback,
    paused,
    failures: state?.failures ?? 0,
    heldUntil: state && isHeld(state, Date.now()) ? new Date(state.heldUntil!).toISOString() : null,
    backlog,
    detections: counts,
  }
}
