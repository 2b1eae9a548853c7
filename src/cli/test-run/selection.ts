/** The options that select what is tested, and their evaluation. `test` and `watch` share them. */
import { UserError } from '../../errors.ts'
import type { Project } from '../../model/project/project.ts'
import { parseFilters } from '../../testing/filter.ts'
import type { TestSelection } from '../../testing/run-tests.ts'
import { flag, IGNORE_EXTRA_KEYS, list, parsed, type Values, wholeNumber } from '../command/options.ts'

export const SELECTION_OPTIONS = {
  filter: list(
    '--filter <key=value>',
    'test only detections whose spec matches: KEY=V1,V2 for either value, KEY!=V to exclude; all filters must match',
  ),
  testNames: list('--test-names <name>', 'run only cases with this name'),
  minimumTests: parsed(
    '--minimum-tests <n>',
    'number of cases that each detection requires; from 2 on, one must match and one must not',
    wholeNumber(0),
  ),
  skipDisabled: flag('--skip-disabled', 'skip disabled detections'),
  sort: flag('--sort', 'sort results by status and id, failures last, instead of in load order'),
  showFailuresOnly: flag('--show-failures-only', 'print only failures'),
  failOnProblems: flag('--fail-on-problems', 'treat warnings about routing as failures of the case'),
  allowUnknownDestinations: flag(
    '--allow-unknown-destinations',
    'accept unknown destination names and route as in production, with a warning',
  ),
  ignoreExtraKeys: IGNORE_EXTRA_KEYS,
  noGuards: flag('--no-guards', 'do not compare the guard of each detection with its matcher'),
  omitUnitTests: flag('--no-unit-tests', 'do not run the unit tests of helpers and data models'),
}
/** @returns the options of loading that these options imply. */
export function loadOptionsOf({ allowUnknownDestinations, ignoreExtraKeys }: SelectionValues): {
  allowUnknownDestinations: boolean
  ignoreExtraKeys: boolean
} {
  return { allowUnknownDestinations, ignoreExtraKeys }
}
export type SelectionValues = Values<typeof SELECTION_OPTIONS>

export function selectionOf(options: SelectionValues): TestSelection {
  const matches = parseFilters(options.filter)
  const { testNames, skipDisabled, minimumTests = 0 } = options
  return {
    detections: (detection) => matches(detection) && !(skipDisabled && !detection.enabled),
    tests: (name) => testNames.length === 0 || testNames.includes(name),
    minimumTests,
  }
}

/** Returns the filters as the detections that must be loaded. Without filters, all are. */
export function loadSelection({ filter }: SelectionValues): { select?: ReturnType<typeof parseFilters> } {
  return filter.length > 0 ? { select: parseFilters(filter) } : {}
}

/** A filter that matches no detection is most likely a mistake. */
export function hasNoMatch({ detections }: Project, options: SelectionValues): boolean {
  const matches = parseFilters(options.filter)
  return options.filter.length > 0 && ![...detections.values()].some(matches)
}

/** The parsed form of `NAME[=FILE]`. */
export interface ReporterChoice {
  readonly name: string
  readonly file: string | null
}

export function parseReporters(texts: readonly string[], known: readonly string[]): ReporterChoice[] {
  const choices = texts.map((text) => {
    const [, name = '', file = null] = /^([^=]*)(?:=(.+))?$/s.exec(text) ?? []
    if (!known.includes(name))
      throw new UserError(`unknown reporter "${text}"`, {
        code: 'unknown-reporter',
        hint: `use NAME or NAME=FILE with one of: ${known.join(', ')}`,
      })
    return { name, file }
  })
  if (choices.filter(({ file }) => file === null).length > 1) {
    throw new UserError('only one reporter can write to standard output', {
      code: 'conflicting-options',
      hint: 'give the others a file: --reporter NAME=FILE',
    })
  }
  return choices
}
