/** Explains one event: the results of a detection, the alert, its route and the requests. It sends nothing. */
import { buildMatch, matches } from '../alerts/build.ts'
import type { ImportLocalType } from '../config/destinations/destination-types.ts'
import { placeholders } from '../config/destinations/secrets.ts'
import type { JsonText } from '../core/exact-json.ts'
import { buildMessage } from '../delivery/delivery-message.ts'
import { type Preview, previewRequest } from '../delivery/request-steps.ts'
import { UserError } from '../errors.ts'
import { handle } from '../handling/handle.ts'
import { NO_HANDLING_STATE } from '../handling/stage.ts'
import { alertId, alertLink, deliveryId, notificationJson } from '../model/alerts/alert.ts'
import type { FunctionResults } from '../model/alerts/finding.ts'
import type { Handling } from '../model/alerts/handling.ts'
import type { Route } from '../model/alerts/route.ts'
import type { DecidedSeverity } from '../model/alerts/severity.ts'
import type { Engine, TestOutcome } from '../model/events/evaluation.ts'
import type { GuardExplanation } from '../model/events/guard-report.ts'
import { systemClock } from '../model/ports.ts'
import { type Destination, destinationKey } from '../model/project/destination.ts'
import type { Detection } from '../model/project/detection.ts'
import type { Project } from '../model/project/project.ts'
import { findDestination, resolveRoute } from '../routing/resolve-route.ts'
import { findingOf } from '../testing/verdict.ts'
import { VERSION } from '../version.ts'
import { loadDestinationType } from './destinations/load-destination-types.ts'
import { isLocalType, localTypeImporter } from './destinations/local-types.ts'

export interface Explanation {
  readonly detection: string
  readonly matched: boolean
  readonly severity: DecidedSeverity | null
  readonly route: Route | null
  /** What the rules of the project do with the alert; null when there is no route. */
  readonly handling: Handling | null
  /** The exact text of the notification; null when there would be no alert. */
  readonly alert: JsonText | null
  readonly functions: FunctionResults
  /** What decides in `run` whether Python is called for the event; null when the detection has no Python. */
  readonly guard: GuardExplanation | null
  /** Each destination of the route has its request without secrets, or the reason why there is none. */
  readonly preview: Readonly<Record<string, Preview | { readonly note: string }>>
}

interface ExplainRequest {
  readonly detection: string
  readonly entry: JsonText
  /** The JSON text of the list of mocks. */
  readonly mocks?: JsonText
  /** Epoch ms of the event; null: none is given, so that silences match whatever their times are. */
  readonly at?: number | null
  /** True: local destination types are imported for their previews. */
  readonly allowLocalTypes?: boolean
}

export async function explain(
  project: Project,
  engine: Engine,
  request: ExplainRequest,
): Promise<Explanation> {
  const detection = project.detections.get(request.detection)
  if (!detection)
    throw new UserError(`detection "${request.detection}" not found`, { code: 'unknown-detection' })
  const { id } = detection
  const { entry, mocks = '[]', at, allowLocalTypes } = request
  const [outcome] = await engine.test([{ detection: id, entry, mocks }])
  return explainOutcome(project, engine, detection, { entry, at, outcome: outcome!, allowLocalTypes })
}

interface ExplainedOutcome {
  readonly entry: JsonText
  readonly at?: number | null
  readonly outcome: TestOutcome
  readonly allowLocalTypes?: boolean
}

/** Explains an event whose outcome is known already. */
export async function explainOutcome(
  project: Project,
  engine: Pick<Engine, 'guards'>,
  detection: Detection,
  { entry, at = null, outcome, allowLocalTypes = false }: ExplainedOutcome,
): Promise<Explanation> {
  const { id, type, createAlert } = detection
  const [report] = await engine.guards([{ detection: id, entry }])
  const { functions } = outcome
  const nothing = {
    detection: id,
    severity: null,
    route: null,
    handling: null,
    alert: null,
    functions,
    guard: report?.explanation ?? null,
    preview: {},
  }
  if (!matches(type, functions)) return { ...nothing, matched: false }

  const candidate = buildMatch(detection, findingOf(detection, { entry }, outcome))
  const { severity, dedup, kind } = candidate.draft
  if (!createAlert) return { ...nothing, matched: true, severity }
  const { registry } = project
  const route = resolveRoute(candidate.routeRequest, registry)
  const now = systemClock.now()
  const alert = alertId(id, kind, dedup, 1)
  const link = alertLink(project.settings.alertUrl, alert, id)
  const text = notificationJson({ ...candidate.draft, route }, alert, now, link)
  const row = { notification: text, reference: candidate.draft.reference }
  const destinations = route.destinations.flatMap(
    (name) => (typeof registry === 'string' ? undefined : findDestination(registry, name)) ?? [],
  )
  const localTypes = allowLocalTypes ? localTypeImporter(project.root) : null
  const previews = destinations.map(async (destination) => {
    const message = buildMessage(row, {
      destination: destination.name,
      deliveryId: deliveryId(alert, destinationKey(destination)),
      at: now,
      repeated: false,
    })
    return [destination.name, await preview(destination, message, localTypes)] as const
  })
  return {
    ...nothing,
    matched: true,
    severity,
    route,
    handling: handle(candidate.draft, route, NO_HANDLING_STATE, project.handling, at),
    alert: text,
    preview: Object.fromEntries(await Promise.all(previews)),
  }
}

async function preview(
  destination: Destination,
  message: ReturnType<typeof buildMessage>,
  importLocal: ImportLocalType | null,
): Promise<Preview | { note: string }> {
  const isLocal = isLocalType(destination.type)
  if (isLocal && importLocal === null)
    return { note: `${destination.type} is a local type, which is imported only with --allow-local-types` }
  const type =
    isLocal && importLocal
      ? (await importLocal(destination.type)).adapter
      : await loadDestinationType(destination.type)
  return previewRequest(type, message, placeholders(destination.options), VERSION)
}
