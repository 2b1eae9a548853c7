/** The tools that `mcp` offers: each is one command of the program, whose arguments it makes. Pure but for real paths. */
import { resolve } from 'node:path'
import Type, { type Static, type TObject } from 'typebox'
import { UserError } from '../../errors.ts'
import { realPath } from '../../files/path-kind.ts'
import { isWithin } from '../../files/within.ts'

/** The arguments of a command, and what it reads from standard input. */
export interface ToolCommand {
  readonly argv: readonly string[]
  readonly input?: string
}

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: TObject
  /** @param input has been checked against the schema. @param root is the folder of the project. */
  command(input: unknown, root: string): ToolCommand
}

const text = (description: string) => Type.String({ description, minLength: 1, maxLength: 10_000 })
const texts = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 10_000 }), { description, maxItems: 1_000 })

export const TOOLS: readonly Tool[] = [
  tool({
    name: 'validate',
    title: 'Validate the project',
    description:
      'Loads every file of the detections repository, Python bodies included, and returns each problem with file, line, column and hint.',
    input: Type.Object({
      pat: Type.Optional(
        Type.Boolean({ description: "report also what Panther's own tool (pat) would reject" }),
      ),
    }),
    command: ({ pat = false }) => ({ argv: ['validate', '--format=json', ...(pat ? ['--pat'] : [])] }),
  }),
  tool({
    name: 'test',
    title: 'Run test cases',
    description:
      'Runs the test cases of detections, routes included, and returns the result of each case with its failures.',
    input: Type.Object({
      paths: Type.Optional(
        texts('files, folders or glob patterns of the project; without them the whole project is tested'),
      ),
      filter: Type.Optional(texts('KEY=VALUE or KEY!=VALUE: only detections whose spec matches all of them')),
      names: Type.Optional(texts('only cases with one of these names')),
    }),
    command: ({ paths = [], filter = [], names = [] }, root) => ({
      argv: [
        'test',
        '--format=json',
        ...filter.map((each) => `--filter=${each}`),
        ...names.map((each) => `--test-names=${each}`),
        '--',
        ...paths.map((path) => within(root, path)),
      ],
    }),
  }),
  tool({
    name: 'explain',
    title: 'Explain an event',
    description:
      'Shows what one detection does with one event: the match, the severity, the route level by level, the handling, and the request that each destination would get. Nothing is sent.',
    input: Type.Object({
      detection: text('the id of a rule or policy'),
      test: Type.Optional(text('the name of one of its test cases; give either this or event')),
      event: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), { description: 'the event, instead of a test case' }),
      ),
      at: Type.Optional(text('the time of the event for silences and hours, such as 2026-12-05T01:00:00Z')),
    }),
    command: ({ detection, test, event, at }) => ({
      argv: [
        'explain',
        '--format=json',
        `--detection=${detection}`,
        ...(test === undefined ? [] : [`--test=${test}`]),
        ...(event === undefined ? [] : ['--event=-']),
        ...(at === undefined ? [] : [`--at=${at}`]),
      ],
      ...(event !== undefined && { input: JSON.stringify(event) }),
    }),
  }),
  tool({
    name: 'routes',
    title: 'Show routes',
    description:
      'Returns where the alerts of every detection go at every severity. With against: the routes and test cases that differ from a commit, branch or tag.',
    input: Type.Object({
      against: Type.Optional(text('a commit, branch or tag of the repository to compare with')),
    }),
    command: ({ against }) => ({
      argv:
        against === undefined
          ? ['routes', '--format=json']
          : ['routes', 'diff', '--format=json', '--', against],
    }),
  }),
  tool({
    name: 'replay',
    title: 'Replay recorded events',
    description:
      'Shows which alerts recorded events would have created, by the time of the events. With against: what differs from a commit, branch or tag. Nothing is sent or stored.',
    input: Type.Object({
      files: Type.Array(Type.String({ minLength: 1, maxLength: 10_000 }), {
        description: 'files and folders of the project with recorded events',
        minItems: 1,
        maxItems: 1_000,
      }),
      against: Type.Optional(text('a commit, branch or tag of the repository to compare with')),
      logType: Type.Optional(text('the log type of events that do not name one')),
      detections: Type.Optional(texts('only these detections, by their ids')),
      since: Type.Optional(text('leave out events before this time')),
      until: Type.Optional(text('leave out events from this time on')),
      sample: Type.Optional(text('the share of the events to read, for example 10%')),
    }),
    command: ({ files, against, logType, detections = [], since, until, sample }, root) => ({
      argv: [
        'replay',
        '--format=json',
        ...given('against', against),
        ...given('log-type', logType),
        ...detections.map((id) => `--detection=${id}`),
        ...given('since', since),
        ...given('until', until),
        ...given('sample', sample),
        '--',
        ...files.map((file) => within(root, file)),
      ],
    }),
  }),
]

/** Gives the arguments of `command` their types. */
function tool<T extends TObject>(
  declared: Omit<Tool, 'command' | 'input'> & {
    readonly input: T
    readonly command: (input: Static<T>, root: string) => ToolCommand
  },
): Tool {
  const closed = { ...declared.input, additionalProperties: false }
  return { ...declared, input: closed, command: (input, root) => declared.command(input as Static<T>, root) }
}

function given(option: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`--${option}=${value}`]
}

/**
 * A client reads nothing outside of the project, links followed. A pattern is checked by the part before its first special
 * character.
 */
function within(root: string, path: string): string {
  const fixed = resolve(root, path.replace(/[*?[{(!].*$/s, ''))
  const existing = realPath(fixed)
  const leadsOut = existing !== null && !isWithin(realPath(root) ?? root, existing)
  // The alternatives of a pattern are paths, too.
  const isUpwards = /(?<![\w.-])\.\.(?![\w.-])/.test(path)
  if (isWithin(resolve(root), fixed) && !leadsOut && !isUpwards) return resolve(root, path)
  throw new UserError(`${path} is outside of the project`, {
    code: 'outside-project',
    hint: 'name a file or folder of the project',
  })
}
