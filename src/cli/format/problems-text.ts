/** Formats and counts problems, and finds the files that they affect. */

import { type ShownProblem, shownProblems } from '../../config/files/folded-problems.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { counted, type Style } from '../../reporters/parts/terminal-text.ts'
import { errorsIn } from '../command/soundness.ts'

/** Equal problems are folded into one entry, unless `verbose` is set. */
export function problemsText(problems: readonly Problem[], style: Style, verbose = false): string {
  return shownProblems(problems, verbose)
    .map((shown) => colorProblem(shown, style))
    .join('\n\n')
}

const COLOURS = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** Adds the colour of the severity to the first line. The other lines show the source and the hint. */
export function colorProblem({ severity, text }: ShownProblem, style: Style): string {
  const [first = '', ...rest] = text.split('\n')
  const head = first.replace(` ${severity} `, () => ` ${style(COLOURS[severity], severity)} `)
  return [head, ...rest].join('\n')
}

/** @returns text such as `2 errors, 1 warning`. */
export function countProblems(problems: readonly Problem[]): string {
  const errors = errorsIn(problems).length
  const warnings = problems.filter(({ severity }) => severity === 'warning').length
  const parts = [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')]
  return parts.filter(Boolean).join(', ') || 'no problems'
}

/** The files that an error excludes from the project, without the configuration. They count as invalid detections. */
export function invalidFiles(problems: readonly Problem[], configuration: readonly string[]): string[] {
  const files = errorsIn(problems).flatMap(({ file, keepsFile }) => (keepsFile ? [] : [file]))
  return [...new Set(files)].filter((file) => !configuration.includes(file))
}

/** The message for a project of which nothing could be loaded. */
export function emptyProjectText({ problems }: Project): string {
  const hint = '\nhint: create a repository with `signalbox init`, or use --project DIR for another directory'
  return `signalbox: nothing could be loaded${errorsIn(problems).length > 0 ? '' : hint}`
}

/** True if no file has usable content. */
export function nothingLoaded({ detections, helpers, dataModels, others }: Project): boolean {
  return detections.size + helpers.length + dataModels.length + others.length === 0
}
