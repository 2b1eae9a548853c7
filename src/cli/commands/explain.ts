/** `explain` explains one event: the match, the severity, the route, and the request that each destination would get. */
import { text as readAll } from 'node:stream/consumers'
import type { JsonText } from '../../core/exact-json.ts'
import { UserError } from '../../errors.ts'
import type { Detection } from '../../model/project/detection.ts'
import { timeOf } from '../../testing/verdict.ts'
import { readEventFile } from '../../workspace/event-file.ts'
import { type Explanation, explain } from '../../workspace/explain-event.ts'
import { openProject, startEngine } from '../../workspace/open-project.ts'
import { defineCommand, EXIT_OK, type Io } from '../command/command.ts'
import { findCase, findDetection } from '../command/find-case.ts'
import { ALLOW_LOCAL_TYPES, AT, FORMAT, flag, text, withSuggestions } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { requireShared } from '../command/soundness.ts'
import { explanationJson, formatExplanation } from '../format/explanation.ts'

export default defineCommand({
  options: {
    detection: withSuggestions(text('--detection <id>', 'id of a rule or policy'), 'detections'),
    test: text('--test <name>', 'name of one of its test cases'),
    event: text('--event <file>', 'file with one JSON object; - for standard input'),
    at: AT,
    format: FORMAT,
    allowUnknownDestinations: flag(
      '--allow-unknown-destinations',
      'accept unknown destination names and route as in production, with a warning',
    ),
    allowLocalTypes: ALLOW_LOCAL_TYPES,
  },
  async run({ options }, io) {
    const { detection: id, allowUnknownDestinations, allowLocalTypes } = options
    const session = openSession(options, io, { workspace: { allowUnknownDestinations } })
    if (id === undefined) throw new UserError('explain requires --detection ID', { code: 'missing-option' })
    if ((options.test === undefined) === (options.event === undefined))
      throw new UserError('explain requires either --test NAME or --event FILE', {
        code: 'conflicting-options',
      })
    const project = await openProject(session.workspace)
    const detection = findDetection(project, id)
    requireShared(project, detection)
    const entry = await entryOf(detection, { ...options, root: session.workspace.root }, io)
    const engine = await startEngine(project, 'test', session.log)
    let explanation: Explanation
    try {
      explanation = await explain(project, engine, {
        detection: id,
        ...entry,
        at: options.at ?? entry.at,
        allowLocalTypes,
      })
    } finally {
      await engine.close()
    }
    const json = options.format === 'json'
    session.print(
      json ? explanationJson(explanation) : formatExplanation(explanation, detection, session.style),
    )
    return EXIT_OK
  },
})

async function entryOf(
  detection: Detection,
  { test, event, root }: { test?: string; event?: string; root: string },
  io: Io,
): Promise<{ entry: JsonText; mocks?: JsonText; at?: number | null }> {
  if (event !== undefined) {
    if (detection.correlation)
      throw new UserError(`correlation rule ${detection.id} cannot be explained with --event`, {
        code: 'conflicting-options',
        hint: 'use --test NAME: a correlation rule reads signals, not events',
      })
    const content = event === '-' ? await readAll(io.stdin) : readEventFile(root, event)
    return { entry: checkEvent(event, content) }
  }
  const found = findCase(detection, test ?? '')
  return { entry: found.entry, mocks: found.mocks, at: timeOf(found) }
}

/** The engine gets the original text, so that numbers keep their digits. */
function checkEvent(file: string, content: string): JsonText {
  const record = parseJson(content)
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) return content
  throw new UserError(`${file === '-' ? 'standard input' : file} is not one JSON object`, {
    code: 'invalid-event',
    hint: 'give one JSON object; from a file of lines, pipe one line: sed -n 3p FILE | signalbox explain ... --event -',
  })
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
