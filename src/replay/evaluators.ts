/** Evaluates events for one project, or for two of which the common detections run once. */
import type { DetectionCache } from '../model/events/detection-cache.ts'
import type { Engine, EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Log } from '../model/ports.ts'
import type { RoutedProject } from '../model/project/project.ts'
import { bodyProblems, type EngineStart, startEngine } from '../workspace/open-project.ts'
import type { EvaluateAll } from './evaluated-stream.ts'
import { assertSound } from './replayed-project.ts'
import { compareDetections, idBefore, joinProjects } from './shared-detections.ts'

export interface Evaluator {
  readonly evaluate: EvaluateAll
  /** Evaluates events again for one project, whose index is that of its list. */
  evaluateAgain(project: number, events: readonly Envelope[]): Promise<readonly EvaluatedEvent[]>
  close(): Promise<void>
}

export interface EvaluatedProject {
  readonly name: string
  readonly project: RoutedProject
  readonly cache: DetectionCache
}

type Start = Pick<EngineStart, 'prewarmed' | 'packages' | 'guards'>

export async function startEvaluator(
  after: EvaluatedProject,
  before: EvaluatedProject | null,
  log: Log,
  start: Start,
): Promise<Evaluator> {
  if (before === null) return single(await startSound(after, log, start))
  const { shared, onlyBefore, canJoin } = compareDetections(before.project, after.project)
  if (canJoin) {
    const joined = { ...after, project: joinProjects(after.project, onlyBefore) }
    return joinedEvaluator(await startSound(joined, log, start), before.project, shared)
  }
  const own = new Map(onlyBefore.map((each) => [each.id, each]))
  const engine = await startSound(after, log, start)
  try {
    const other = await startSound({ ...before, project: { ...before.project, detections: own } }, log, {
      ...start,
      prewarmed: undefined,
    })
    return separateEvaluator(engine, other, before.project, shared)
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** Rejects with a UserError that holds every body that could not be loaded. */
async function startSound(
  { name, project, cache }: EvaluatedProject,
  log: Log,
  start: Start,
): Promise<Engine> {
  const engine = await startEngine(project, 'run', log, { ...start, cache, clockMode: 'event' })
  try {
    assertSound(bodyProblems(project, engine), name)
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

function single(engine: Engine): Evaluator {
  return {
    evaluate: async (events) => [await engine.evaluate(events)],
    evaluateAgain: (_project, events) => engine.evaluate(events),
    close: () => engine.close(),
  }
}

/** The list of the later revision comes first. */
function joinedEvaluator(engine: Engine, before: RoutedProject, shared: ReadonlySet<string>): Evaluator {
  const order = orderOf(before)
  const evaluate: EvaluateAll = async (events) => {
    const evaluated = await engine.evaluate(events)
    return [evaluated.map(withoutBefore), evaluated.map((event) => onlyBefore(event, shared, order))]
  }
  return {
    evaluate,
    evaluateAgain: async (project, events) => (await evaluate(events))[project]!,
    close: () => engine.close(),
  }
}

function separateEvaluator(
  engine: Engine,
  other: Engine,
  before: RoutedProject,
  shared: ReadonlySet<string>,
): Evaluator {
  const order = orderOf(before)
  const evaluate: EvaluateAll = async (events) => {
    const [after, own] = await Promise.all([engine.evaluate(events), other.evaluate(events)])
    return [after, own.map((event, i) => withShared(event, after[i]!, shared, order))]
  }
  return {
    evaluate,
    evaluateAgain: async (project, events) =>
      project === 0 ? engine.evaluate(events) : (await evaluate(events))[1]!,
    close: async () => void (await Promise.all([engine.close(), other.close()])),
  }
}

type Findings = Extract<EvaluatedEvent['outcome'], { status: 'evaluated' }>['findings']

function withFindings(event: EvaluatedEvent, change: (findings: Findings) => Findings): EvaluatedEvent {
  const { outcome } = event
  if (outcome.status !== 'evaluated' || outcome.findings.length === 0) return event
  return { ...event, outcome: { ...outcome, findings: change(outcome.findings) } }
}

function withoutBefore(event: EvaluatedEvent): EvaluatedEvent {
  return withFindings(event, (findings) => findings.filter(({ detection }) => idBefore(detection) === null))
}

type Order = ReadonlyMap<string, number>

function onlyBefore(event: EvaluatedEvent, shared: ReadonlySet<string>, order: Order): EvaluatedEvent {
  return withFindings(event, (findings) =>
    inOrder(
      findings.flatMap((finding) => {
        const id = idBefore(finding.detection)
        if (id !== null) return { ...finding, detection: id }
        return shared.has(finding.detection) ? finding : []
      }),
      order,
    ),
  )
}

function withShared(
  own: EvaluatedEvent,
  { outcome }: EvaluatedEvent,
  shared: ReadonlySet<string>,
  order: Order,
): EvaluatedEvent {
  if (own.outcome.status !== 'evaluated' || outcome.status !== 'evaluated') return own
  const common = outcome.findings.filter(({ detection }) => shared.has(detection))
  if (common.length === 0) return own
  return {
    ...own,
    outcome: { ...own.outcome, findings: inOrder([...own.outcome.findings, ...common], order) },
  }
}

function orderOf({ detections }: RoutedProject): Order {
  return new Map([...detections.keys()].map((id, index) => [id, index]))
}

function inOrder(findings: Findings, order: Order): Findings {
  return findings.toSorted((a, b) => order.get(a.detection)! - order.get(b.detection)!)
}
