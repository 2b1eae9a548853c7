/** MAIN THREAD. Runs unit tests in workers of their own, so that what they change in a module reaches no detection. */
import type { UnitTestFile } from '../../model/events/evaluation.ts'
import type { Project } from '../../model/project/project.ts'
import { type GroupOptions, startGroupRunner } from './group-runner.ts'
import { unitTestsByTrust } from './split-by-trust.ts'
import { WorkerHandle } from './worker-handle.ts'

/** A unit test may process far more data than one event holds. */
const TIME_FACTOR = 30
const WORKERS = 2

interface UnitTestOptions extends Pick<GroupOptions, 'loadOptions' | 'startState' | 'log'> {
  readonly project: Project
  /** The ids of helpers and data models that could not be loaded; they are not loaded again. */
  readonly broken: ReadonlySet<string>
  readonly isSelected: (name: string) => boolean
  /** Ends the workers; pending calls reject. */
  readonly signal: AbortSignal
}

export async function runUnitTestGroups(options: UnitTestOptions): Promise<readonly UnitTestFile[]> {
  const { project, broken } = options
  const sound = <T extends { readonly id: string }>(all: readonly T[]) =>
    all.filter(({ id }) => !broken.has(id))
  const helpers = sound(project.helpers)
  const contents = unitTestsByTrust({ ...project, helpers, dataModels: sound(project.dataModels) })
  return (await Promise.all(contents.map((group) => runGroup(group, options)))).flat()
}

async function runGroup(
  group: GroupOptions['group'],
  { loadOptions, startState, log, isSelected, signal }: UnitTestOptions,
): Promise<readonly UnitTestFile[]> {
  const { limits } = loadOptions.settings
  const settings = { ...loadOptions.settings, limits: { ...limits, timeMs: limits.timeMs * TIME_FACTOR } }
  const started = await startGroupRunner({
    group,
    purpose: 'test',
    loadOptions: { ...loadOptions, settings },
    workers: WORKERS,
    startState,
    firstWorker: WorkerHandle.start(startState),
    cache: undefined,
    log,
  })
  const stop = () => void started.close()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    return await started.unitTests(isSelected)
  } finally {
    signal.removeEventListener('abort', stop)
    await started.close()
  }
}
