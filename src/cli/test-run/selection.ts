/** Options that choose what is tested, and what they mean. Shared by `test` and `watch`. */
import { UserError } from '../../errors.ts'
import type { Project } from '../../model/project/project.ts'
import { parseFilters } from '../../testing/filter.ts'
import type { TestSelection } from '../../testing/run-tests.ts'
import { flag, IGNORE_EXTRA_KEYS, list, parsed, type Values, wholeNumber } from '../command/options.ts'

export const SELECTION_OPTIONS = {
  filter: list(
    '--filter <key=value>',
    'only detections whose spec has it: KEY=V1,V2 is either, KEY!=V is not; several must all hold',
  ),
  testNames: list('--test-names <name>', 'only cases of this name'),
  minimumTests: parsed(
    '--minimum-tests <n>',
    'fewer cases fail a detection; from 2 on one must match and one must not',
    wholeNumber(0),
  ),
  skipDisabled: flag('--skip-disabled', 'leave disabled detections out'),
  sort: flag('--sort', 'tell what passed first and what failed last, each by id, instead of in load order'),
  showFailuresOnly: flag('--show-failures-only', 'print only what failed'),
  failOnProblems: flag('--fail-on-problems', 'warnings about routing fail the case'),
  allowUnknownDestinations: flag(
    '--allow-unknown-destinations',
    'names that no destination has resolve as they would live, with a warning',
  ),
  ignoreExtraKeys: IGNORE_EXTRA_KEYS,
}
/** What they mean for loading. */
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

/** A filter that leaves nothing is most likely a mistake. */
export function hasNoMatch({ detections }: Project, options: SelectionValues): boolean {
  const matches = parseFilters(options.filter)
  return options.filter.length > 0 && ![...detections.values()].some(matches)
}

/** `NAME[=FILE]`. */
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
