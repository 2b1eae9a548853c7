// The same detections and cases under native CPython, several times: what differs between two native runs depends on
// the order of sets, on chance or on the clock, and is listed apart from what differs for another reason.
import type { FunctionName } from '../../src/model/alerts/finding.ts'
import type { TestOutcome } from '../../src/model/events/evaluation.ts'
import type { DetectionResult, TestResult } from '../../src/model/events/test-result.ts'
import type { Project } from '../../src/model/project/project.ts'
import { type NativeAnswer, nativeRequest, runNative } from './native-driver.ts'

const SEEDS = ['0', '1', '2']

export interface NativeComparison {
  readonly python: string
  /** Function outputs that were compared. */
  readonly compared: number
  /** `detection: test: function`, where native runs agree with each other and not with the engine. */
  readonly different: readonly string[]
  /** The same for outputs that differ between native runs. */
  readonly unstable: readonly string[]
}

/** null: there is no python3. */
export async function compareWithNative(
  project: Project,
  results: readonly DetectionResult[],
): Promise<NativeComparison | null> {
  const cases = casesOf(project, results)
  const request = nativeRequest(project, cases)
  const runs: NativeAnswer[] = []
  for (const seed of SEEDS) {
    const answer = await runNative(request, seed)
    if (answer === null) return null
    runs.push(answer)
  }
  const outputs = cases.flatMap((each, at) =>
    outputsOf(
      each,
      runs.map(({ outcomes }) => outcomes[at]!),
    ),
  )
  const differing = outputs.filter(({ engine, native }) => native.some((output) => output !== engine))
  const isStable = ({ native }: Output) => new Set(native).size === 1
  return {
    python: runs[0]!.python,
    compared: outputs.length,
    different: differing.filter(isStable).map(({ name }) => name),
    unstable: differing.filter((output) => !isStable(output)).map(({ name }) => name),
  }
}

interface Case {
  readonly detection: string
  readonly result: TestResult
  readonly entry: string
  readonly mocks: string
}

/** Only detections whose Python body was loaded are compared. */
function casesOf(project: Project, results: readonly DetectionResult[]): Case[] {
  return results.flatMap(({ id, tests }) => {
    const detection = project.detections.get(id)
    if (!detection?.body) return []
    return tests.map((result, at) => {
      const { entry, mocks } = detection.tests[at]!
      return { detection: id, result, entry, mocks }
    })
  })
}

interface Output {
  readonly name: string
  readonly engine: string
  readonly native: readonly string[]
}

function outputsOf({ detection, result }: Case, native: readonly TestOutcome[]): Output[] {
  const names = new Set([result, ...native].flatMap(({ functions }) => Object.keys(functions)))
  const shown = ({ functions }: Pick<TestResult, 'functions'>, name: FunctionName) => {
    const said = functions[name]
    return said?.error ? `raised ${said.error.type}` : JSON.stringify(said?.output)
  }
  return [...(names as Set<FunctionName>)].map((name) => ({
    name: `${detection}: ${result.name}: ${name}`,
    engine: shown(result, name),
    native: native.map((outcome) => shown(outcome, name)),
  }))
}
