/** PROJECT: what `signalbox test` does, in its order, with the time of each phase. A process of its own, like the command. */
const startedAt = performance.now()
const { openProject, startEngine } = await import('../src/workspace/open-project.ts')
const { warmUp } = await import('../src/workspace/warm-up.ts')
const { nullLog } = await import('../src/model/ports.ts')
const modulesAt = performance.now()

const [root] = process.argv.slice(2)
if (!root) throw new Error('PROJECT is needed')
const warm = warmUp()
const project = await openProject({ root, log: nullLog })
const projectAt = performance.now()
const engine = await startEngine(project, 'test', nullLog, { prewarmed: warm })
const pythonAt = performance.now()
const calls = [...project.detections.values()].flatMap(({ id, tests }) =>
  tests.map(({ entry, mocks }) => ({ detection: id, entry, mocks })),
)
await engine.test(calls)
const testsAt = performance.now()
await engine.close()

/** Milliseconds. */
export interface Phases {
  readonly node: number
  readonly modules: number
  /** Python boots beside it. */
  readonly project: number
  /** The time that remained to wait after the project was read. */
  readonly python: number
  readonly tests: number
}

const phases: Phases = {
  node: startedAt,
  modules: modulesAt - startedAt,
  project: projectAt - modulesAt,
  python: pythonAt - projectAt,
  tests: testsAt - pythonAt,
}
process.stdout.write(JSON.stringify(phases))
