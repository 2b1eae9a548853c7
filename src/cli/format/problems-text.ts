/** Shows problems to people and counts what they spoil. */

import { type ShownProblem, shownProblems } from '../../config/files/folded-problems.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { counted, type Style } from '../../reporters/parts/terminal-text.ts'
import { errorsIn } from '../command/soundness.ts'

/** Equal problems are folded, unless verbose. */
export function problemsText(problems: readonly Problem[], style: Style, verbose = false): string {
  return shownProblems(problems, verbose)
    .map((shown) => colorProblem(shown, style))
    .join('\n\n')
}

const COLOURS = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** The first line in the colour of its severity; the rest shows where and what to do. */
export function colorProblem({ severity, text }: ShownProblem, style: Style): string {
  const [first = '', ...rest] = text.split('\n')
  const head = first.replace(` ${severity} `, () => ` ${style(COLOURS[severity], severity)} `)
  return [head, ...rest].join('\n')
}

/** `2 errors, 1 warning`. */
export function countProblems(problems: readonly Problem[]): string {
  const errors = errorsIn(problems).length
  const warnings = problems.filter(({ severity }) => severity === 'warning').length
  const parts = [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')]
  return parts.filter(Boolean).join(', ') || 'no problems'
}

/** Files that an error keeps out of the project, the configuration aside: those count as detections that were lost. */
export function invalidFiles(problems: readonly Problem[], configuration: readonly string[]): string[] {
  const files = errorsIn(problems).flatMap(({ file, keepsFile }) => (keepsFile ? [] : [file]))
  return [...new Set(files)].filter((file) => !configuration.includes(file))
}

/** Said where `nothingLoaded`. */
export function emptyProjectText({ problems }: Project): string {
  const hint = '\nhint: `signalbox init` makes a working repository; --project names one that lies elsewhere'
  return `signalbox: nothing could be loaded${errorsIn(problems).length > 0 ? '' : hint}`
}

/** Not even one file holds content that could be used. */
export function nothingLoaded({ detections, helpers, dataModels, others }: Project): boolean {
  return detections.size + helpers.length + dataModels.length + others.length === 0
}
