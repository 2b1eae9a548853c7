/** `debug` runs one case and prints everything about it, its complete output included. */

import type { Engine } from '../../model/events/evaluation.ts'
import { guardJson } from '../../model/events/guard-words.ts'
import { testJson } from '../../model/events/test-json.ts'
import type { TestResult } from '../../model/events/test-result.ts'
import type { Detection, TestCase } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'
import { failureLines, printedLines, readLines } from '../../reporters/parts/failure.ts'
import { formatHandling } from '../../reporters/parts/handling-trace.ts'
import { formatRoute, routeTarget } from '../../reporters/parts/route-trace.ts'
import { escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'
import { evaluateCase, timeOf } from '../../testing/verdict.ts'
import { type Explanation, explainOutcome } from '../../workspace/explain-event.ts'
import { bodyProblems, openProject, startEngine } from '../../workspace/open-project.ts'
import { warmUp } from '../../workspace/warm-up.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { findCase, findDetection } from '../command/find-case.ts'
import { ALLOW_LOCAL_TYPES, AT, FORMAT } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { requireShared } from '../command/soundness.ts'
import { alertLines, functionLines, sectionsText, severityLines } from '../format/explanation.ts'
import { guardLines } from '../format/guard-view.ts'
import { problemsText } from '../format/problems-text.ts'
import { SELECTION_OPTIONS } from '../test-run/selection.ts'

interface DebugResult {
  readonly detection: Detection
  readonly result: TestResult
  readonly explanation: Explanation
}

export default defineCommand({
  arguments: { '<id>': 'id of a rule or policy', '<test>': 'name of one of its test cases' },
  suggestions: 'detections',
  options: {
    at: AT,
    format: FORMAT,
    failOnProblems: SELECTION_OPTIONS.failOnProblems,
    allowUnknownDestinations: SELECTION_OPTIONS.allowUnknownDestinations,
    allowLocalTypes: ALLOW_LOCAL_TYPES,
  },
  async run({ args, options }, io) {
    const [id = '', name = ''] = args
    const session = openSession(options, io, {
      workspace: { allowUnknownDestinations: options.allowUnknownDestinations },
    })
    const warm = warmUp()
    let engine: Engine | undefined
    try {
      const project = await openProject(session.workspace)
      const detection = findDetection(project, id)
      requireShared(project, detection)
      const test = findCase(detection, name)
      engine = await startEngine(project, 'test', session.log, { prewarmed: warm })
      // A broken helper may be the reason why this detection fails.
      const problems = bodyProblems(project, engine)
      if (problems.length > 0)
        session.printError(`${problemsText(problems, session.errorStyle, session.verbose)}\n`)
      const debugged = await debugCase(project, engine, detection, test, options)
      session.print(
        options.format === 'json' ? debugJson(debugged) : formatDebugResult(debugged, session.style),
      )
      return debugged.result.status === 'passed' ? EXIT_OK : EXIT_FAILED
    } finally {
      await engine?.close()
      await warm.dispose()
    }
  },
})

async function debugCase(
  project: Project,
  engine: Engine,
  detection: Detection,
  test: TestCase,
  options: {
    readonly at: number | undefined
    readonly allowUnknownDestinations: boolean
    readonly allowLocalTypes: boolean
    readonly failOnProblems: boolean
  },
): Promise<DebugResult> {
  const { entry, mocks } = test
  const [outcome] = await engine.test([{ detection: detection.id, entry, mocks, recordReads: true }])
  const result = evaluateCase(detection, test, outcome!, {
    ...options,
    registry: project.registry,
    handling: project.handling,
  })
  const explanation = await explainOutcome(project, engine, detection, {
    entry,
    at: options.at ?? timeOf(test),
    outcome: outcome!,
    allowLocalTypes: options.allowLocalTypes,
  })
  return { detection, result, explanation }
}

/** Formats the case as `test --reporter json` does, and adds the alert's own text. */
function debugJson({ detection, result, explanation }: DebugResult): string {
  const text = JSON.stringify({ detection: detection.id, ...testJson(result) }, null, 2)
  const guard = JSON.stringify(guardJson(explanation.guard), null, 2).replaceAll('\n', '\n  ')
  return `${text.slice(0, -2)},\n  "guard": ${guard},\n  "alert": ${explanation.alert ?? 'null'}\n}\n`
}

function formatDebugResult({ detection, result, explanation }: DebugResult, style: Style): string {
  const { route, handling } = result
  const sections: [string, readonly string[]][] = [
    ['printed', printedLines(result.output, style, Number.POSITIVE_INFINITY)],
    ['functions', functionLines(result, style)],
    ['event fields read', readLines(result.reads, style)],
    ['guard', guardLines(explanation.guard, style)],
    ['severity', severityLines(result, detection)],
    ['route', route ? [routeTarget(route), ...formatRoute(route, style)] : []],
    ['handling', handling ? formatHandling(handling, style) : []],
    ['alert', explanation.alert ? alertLines(explanation.alert) : []],
    ['notices', result.notices.map(escapeForTerminal)],
    ['warnings', result.warnings.map(escapeForTerminal)],
    ['failures', result.failures.flatMap((failure) => failureLines(failure, style))],
  ]
  const verdict = result.status === 'passed' ? style('green', 'PASS') : style('red', 'FAIL')
  const head = `${verdict}  ${escapeForTerminal(detection.id)}: ${escapeForTerminal(result.name)}`
  const location = style('dim', `${escapeForTerminal(result.file)}:${result.line}`)
  return `${sectionsText(sections, style)}\n${head}  ${location}\n`
}
