/** `bench` measures the functions of detections and their guards. */
import { text as readAll } from 'node:stream/consumers'
import { UserError } from '../../errors.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { readEventFile } from '../../workspace/event-file.ts'
import { type MeasuredEvents, measureDetections } from '../../workspace/guards/measure-detections.ts'
import { bodyProblems, openProject, startEngine } from '../../workspace/open-project.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK, type Io } from '../command/command.ts'
import { findDetection } from '../command/find-case.ts'
import { FORMAT, parsed, text, wholeNumber } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { benchJson, benchText } from '../format/bench-view.ts'
import { problemsText } from '../format/problems-text.ts'
import { createProgress } from '../test-run/progress.ts'

const DEFAULT_REPETITIONS = 10
const NO_EVENTS_HINT = 'hint: add test cases, or give events of the log types with --events FILE'

export default defineCommand({
  arguments: { '[ids...]': 'ids of rules and policies to measure instead of all enabled ones' },
  suggestions: 'detections',
  options: {
    events: text(
      '--events <file>',
      'file with one JSON object per line, instead of the test events; - for standard input',
    ),
    repeat: parsed(
      '--repeat <n>',
      'number of runs of each event, of which the median counts; default: 10',
      wholeNumber(1),
    ),
    format: FORMAT,
  },
  async run({ args, options }, io) {
    const session = openSession(options, io, { workspace: { allowUnknownDestinations: true } })
    const project = await openProject(session.workspace)
    const detections = selected(project, args)
    const lines =
      options.events === undefined ? null : await eventLines(options.events, session.workspace.root, io)
    const engine = await startEngine(project, 'test', session.log, { workers: 1 })
    try {
      const problems = bodyProblems(project, engine)
      if (problems.length > 0)
        session.printError(`${problemsText(problems, session.errorStyle, session.verbose)}\n`)
      const broken = new Set(engine.problems.map(({ id }) => id))
      const subjects = detections
        .filter(({ id, body }) => body !== null && !broken.has(id))
        .map(
          (each): MeasuredEvents => ({ detection: each, entries: entriesOf(each, lines, args.length > 0) }),
        )
        .filter(({ entries }) => entries.length > 0)
      const untyped = lines === null ? null : untypedText(lines, args.length > 0)
      if (subjects.length === 0) {
        session.printError(`signalbox: no events to measure\n${untyped ?? NO_EVENTS_HINT}`)
        return EXIT_FAILED
      }
      if (untyped !== null) session.note(untyped)
      const total = session.quiet ? 0 : subjects.length
      const progress = createProgress(io.stderr, total, 'detection', () => performance.now())
      const repetitions = options.repeat ?? DEFAULT_REPETITIONS
      const measured = await measureDetections(engine, subjects, repetitions, () => progress.advance())
      progress.clear()
      session.print(options.format === 'json' ? benchJson(measured) : benchText(measured, session.style))
      return EXIT_OK
    } finally {
      await engine.close()
    }
  },
})

function selected(project: Project, ids: readonly string[]): readonly Detection[] {
  if (ids.length > 0) return ids.map((id) => findDetection(project, id))
  return [...project.detections.values()].filter(({ enabled }) => enabled)
}

/** An event of another log type never reaches the detection. Without a type it is measured only where ids are given. */
function entriesOf(
  { type, logTypes, tests }: Detection,
  lines: readonly EventLine[] | null,
  isNamed: boolean,
): readonly string[] {
  if (lines === null)
    return tests
      .filter(({ mocks, entry }) => mocks === '[]' && entry.startsWith('{'))
      .map(({ entry }) => entry)
  return lines
    .filter(({ logType }) => (logType === null || type !== 'rule' ? isNamed : logTypes.includes(logType)))
    .map(({ entry }) => entry)
}

/** Says what the lack of `p_log_type` does to the measurement; null: every event has it. */
function untypedText(lines: readonly EventLine[], isNamed: boolean): string | null {
  const count = lines.filter(({ logType }) => logType === null).length
  if (count === 0) return null
  const effect = isNamed
    ? 'a detection that reads a data model sees none there, unlike in run'
    : 'rules are not measured on them'
  const advice = isNamed
    ? 'write p_log_type into the events'
    : 'write p_log_type into the events, or name detections'
  return `${count} of ${counted(lines.length, 'event')} ${count === 1 ? 'has' : 'have'} no p_log_type: ${effect}\nhint: ${advice}`
}

interface EventLine {
  readonly entry: string
  readonly logType: string | null
}

async function eventLines(file: string, root: string, io: Io): Promise<EventLine[]> {
  const content = file === '-' ? await readAll(io.stdin) : readEventFile(root, file)
  return content.split('\n').flatMap((line, index) => {
    const entry = line.trim()
    return entry === '' ? [] : [eventLine(entry, `${file === '-' ? 'standard input' : file}:${index + 1}`)]
  })
}

function eventLine(entry: string, location: string): EventLine {
  const record = parseObject(entry)
  if (record === null)
    throw new UserError(`${location} is not a JSON object`, {
      code: 'invalid-event',
      hint: 'give one JSON object per line',
    })
  const { p_log_type: logType } = record
  return { entry, logType: typeof logType === 'string' ? logType : null }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
