/** A small project for the engine, built in code, and the envelopes and calls to put into it. */
import { processEnvironment, snapshotFolder } from '../../src/config/files/environment.ts'
import { PrewarmedWorker } from '../../src/engine/pool/prewarmed-worker.ts'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import type { Envelope } from '../../src/model/events/event.ts'
import type { DataModel, Detection, Helper, PythonSource } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { DEFAULT_SETTINGS, type Limits, type Settings } from '../../src/model/project/settings.ts'
import { detection, project } from './model.ts'

/** The cache of the tests' snapshots: a start without one takes seconds. */
export const SNAPSHOT_DIRECTORY = snapshotFolder(processEnvironment()).folder

let latest: PrewarmedWorker | undefined

/** Python, booting from the cache of the run and from what earlier tests of this process have compiled. */
export function warmEngine(): PrewarmedWorker {
  latest = PrewarmedWorker.start(latest?.state ?? SNAPSHOT_DIRECTORY)
  return latest
}

const location = (file: string) => ({ file, line: 1, column: 1 })

/** A rule on `Test.Log`; its file is `rules/<id>.py`. */
export function rule(id: string, source: string, over: Partial<Detection> = {}): Detection {
  return detection({ id, body: pythonSource(`rules/${id}.py`, source), logTypes: ['Test.Log'], ...over })
}

export function policy(id: string, source: string, over: Partial<Detection> = {}): Detection {
  return rule(id, source, { type: 'policy', logTypes: [], ...over })
}

export function helper(id: string, source: string): Helper {
  return {
    id,
    location: location(`global_helpers/${id}.yml`),
    body: pythonSource(`global_helpers/${id}.py`, source),
  }
}

export function dataModel(over: Partial<DataModel> & { source?: string }): DataModel {
  const { source, ...rest } = over
  const id = rest.id ?? 'Test.Model'
  return {
    id,
    location: location(`data_models/${id}.yml`),
    enabled: true,
    logTypes: ['Test.Log'],
    mappings: [],
    body: source === undefined ? null : pythonSource(`data_models/${id}.py`, source),
    ...rest,
  }
}

/** The limits are so large that a test only reaches those that it sets. */
const UNREACHED_TIME_MS = 60_000

export interface EngineProject {
  readonly detections?: readonly Detection[]
  readonly helpers?: readonly Helper[]
  readonly dataModels?: readonly DataModel[]
  readonly settings?: Partial<Omit<Settings, 'limits'>> & { readonly limits?: Partial<Limits> }
}

export function engineProject({ detections = [], settings = {}, ...rest }: EngineProject): Project {
  const limits = { ...DEFAULT_SETTINGS.limits, timeMs: UNREACHED_TIME_MS, ...settings.limits }
  return {
    ...project(detections, 'absent'),
    helpers: [],
    dataModels: [],
    ...rest,
    settings: { ...DEFAULT_SETTINGS, ...settings, limits },
  }
}

/** An event of `Test.Log`; text is taken as it is, anything else becomes JSON. */
export function envelope(raw: unknown, over: Partial<Envelope> = {}): Envelope {
  return {
    source: 'test',
    seq: 0,
    kind: 'log',
    type: 'Test.Log',
    receivedAt: Date.UTC(2026, 0, 31, 12),
    raw: typeof raw === 'string' ? raw : JSON.stringify(raw),
    position: 'line 1',
    ...over,
  }
}

/** Returns the results of the functions of each detection for one event. */
export function findingsOf({ outcome }: EvaluatedEvent): Record<string, FunctionResults> {
  if (outcome.status !== 'evaluated') throw new Error(`${outcome.status}: ${outcome.reason}`)
  return Object.fromEntries(outcome.findings.map(({ detection, functions }) => [detection, functions]))
}

/** Names of the detections with a finding, or the status of an event that was not evaluated. */
export function reportsOf({ outcome }: EvaluatedEvent): string[] | string {
  return outcome.status === 'evaluated' ? outcome.findings.map((each) => each.detection) : outcome.status
}

/** Authors' code in tests is indented like the test; its first line says by how much. */
export function pythonSource(path: string, source: string): PythonSource {
  const lines = source.replace(/^\n/, '').split('\n')
  const indent = /^ */.exec(lines[0]!)![0].length
  return { path, source: lines.map((line) => line.slice(indent)).join('\n') }
}
