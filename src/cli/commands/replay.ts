/** `replay` shows what recorded events would have done, for the project or against another revision of it. */
import { readArchiveKeys } from '../../archive/archive-keys.ts'
import { UserError } from '../../errors.ts'
import { parseEventTime } from '../../model/events/event-time.ts'
import type { ReplayReport } from '../../model/replay/replay-report.ts'
import { listInputs } from '../../replay/input-files.ts'
import { type ReplayedRevision, replay } from '../../replay/replay.ts'
import { openReplayState } from '../../replay/replay-state.ts'
import { openReplayedProject } from '../../replay/replayed-project.ts'
import type { WorkspaceOptions } from '../../workspace/open-project.ts'
import { exportTree } from '../../workspace/revisions/git-tree.ts'
import { warmUp } from '../../workspace/warm-up.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { EXIT_INTERRUPTED } from '../command/interrupts.ts'
import {
  choice,
  flag,
  list,
  parsed,
  text,
  type Values,
  wholeNumber,
  withSuggestions,
} from '../command/options.ts'
import { openSession, type Session } from '../command/session.ts'
import { createByteProgress } from '../replay/byte-progress.ts'
import { formatReplay, REPLAY_REPORTERS } from '../replay/replay-output.ts'
import { writeReport } from '../test-run/report-output.ts'
import { parseReporters } from '../test-run/selection.ts'

const OPTIONS = {
  against: text('--against <git-ref>', 'compare with the project at a commit, branch or tag'),
  logType: text('--log-type <type>', 'log type of events that do not name one'),
  timeField: text('--time-field <path>', 'field with the time of an event without p_event_time'),
  unwrap: text('--unwrap <path>', 'path to the events in a container, for example Records'),
  keyFile: text('--key-file <file>', 'file with the keys of encrypted archives'),
  since: parsed('--since <time>', 'leave out events before this time', parseTime),
  until: parsed('--until <time>', 'leave out events from this time on', parseTime),
  detection: withSuggestions(list('--detection <id>', 'replay only this detection'), 'detections'),
  sample: parsed('--sample <share>', 'share of the events to read, for example 10% or 0.1', parseShare),
  state: text('--state <folder>', 'keep the progress in this folder, so that the same command resumes'),
  maxNew: parsed('--max-new <n>', 'fail if there are more new alerts', wholeNumber(0)),
  maxPerDay: list('--max-per-day <rule=n>', 'fail if a detection, or any with *, has more alerts in a day'),
  mustKeep: list('--must-keep <alert-id>', 'fail if this alert is not created'),
  format: choice('--format <format>', 'format of standard output', REPLAY_REPORTERS),
  reporter: withSuggestions(
    list('--reporter <name[=file]>', `report for standard output or a file: ${REPLAY_REPORTERS.join(', ')}`),
    REPLAY_REPORTERS,
  ),
  noGuards: flag('--no-guards', 'run every detection on every event of its log types'),
}

export default defineCommand({
  arguments: {
    '<files...>': 'files and folders of recorded events; file:PATH?logType=TYPE sets options for one',
  },
  options: OPTIONS,
  async run({ args, options }, io) {
    const session = openSession(options, io)
    const { format, reporter } = options
    const chosen = format ? [format, ...reporter] : reporter
    const reporters = parseReporters(chosen.length > 0 ? chosen : ['pretty'], REPLAY_REPORTERS)
    const budgets = {
      maxNew: options.maxNew ?? null,
      maxPerDay: new Map(options.maxPerDay.map(parseMaxPerDay)),
      mustKeep: options.mustKeep,
    }
    if (budgets.maxNew !== null && options.against === undefined)
      throw new UserError('--max-new requires --against', {
        code: 'conflicting-options',
        hint: 'name the revision that has the known alerts, for example --against origin/main',
      })
    const { logType = null, timeField = null, unwrap = null } = options
    const keys = options.keyFile === undefined ? undefined : readArchiveKeys(options.keyFile)
    const inputs = listInputs(args, { type: logType, timeField, unwrap })
    const bytes = inputs.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0)
    const abort = new AbortController()
    const warm = warmUp()
    const stopListening = io.onSignal(() => abort.abort())
    const progress = createByteProgress(io.stderr, session.quiet ? 0 : bytes, () => performance.now())
    const { since = null, until = null, sample = 1 } = options
    try {
      const report = await withRevisions(options, session, async (after, before) => {
        const identity = [
          args,
          inputs,
          since,
          until,
          sample,
          revisionHash(after),
          before && revisionHash(before),
        ]
        const state = openReplayState(options.state ?? null, identity)
        const result = await replay({
          after,
          before,
          inputs,
          keys,
          state,
          budgets,
          since,
          until,
          sample,
          onProgress: (at) => progress.show(at),
          start: { prewarmed: warm, guards: !options.noGuards },
          log: session.log,
          signal: abort.signal,
        }).finally(() => progress.clear())
        state.remove(result !== null)
        return result
      })
      if (report === null) return interrupted(options, session)
      for (const { name, file } of reporters) {
        if (file === null) session.print(formatReplay(name, report, session.style))
        else writeReport(file, formatReplay(name, report, null), session)
      }
      return exitCode(report)
    } finally {
      stopListening()
      await warm.dispose()
    }
  },
})

/** The second revision is exported by git into a temporary folder. */
async function withRevisions<T>(
  { against, detection }: Values<typeof OPTIONS>,
  { workspace }: Session,
  work: (after: ReplayedRevision, before: ReplayedRevision | null) => Promise<T>,
): Promise<T> {
  const working = 'the working tree'
  const open = (own: WorkspaceOptions, name: string) => openReplayedProject(own, name, detection)
  const after = { name: working, commit: null, project: await open(workspace, working) }
  if (after.project.detections.size === 0) throw unknownDetections(detection)
  if (against === undefined) return work(after, null)
  const tree = await exportTree(workspace.root, against)
  try {
    const pythonPaths = [...after.project.settings.pythonPaths]
    const project = await open({ ...workspace, root: tree.folder, pythonPaths }, against)
    return await work(after, { name: against, commit: tree.commit, project })
  } finally {
    tree.remove()
  }
}

function unknownDetections(ids: readonly string[]): UserError {
  return new UserError(`no detection of the project has the id ${ids.join(' or ')}`, {
    code: 'unknown-detection',
    hint: 'use ids of detections, as `signalbox routes` lists them',
  })
}

function revisionHash({ project }: ReplayedRevision): readonly unknown[] {
  const { detections, dataModels, handling, registry, settings } = project
  const versions = [...detections.values()].map(({ id, version, enabled, severity, outputIds }) => {
    return [id, version, enabled, severity, outputIds]
  })
  const destinations = registry.destinations.map(
    ({ options: _options, location: _location, ...each }) => each,
  )
  const { fallback, onEscalation } = registry
  const { classification, limits } = settings
  return [versions, dataModels, handling, destinations, fallback, onEscalation, classification, limits]
}

function interrupted({ state }: Values<typeof OPTIONS>, session: Session): number {
  const hint =
    state === undefined ? 'with --state FOLDER, a replay can be resumed' : 'repeat the command to resume'
  session.printError(`signalbox: the replay was interrupted\nhint: ${hint}`)
  return EXIT_INTERRUPTED
}

function exitCode({ problems, budgets }: ReplayReport): number {
  return problems.length > 0 || budgets.some(({ isKept }) => !isKept) ? EXIT_FAILED : EXIT_OK
}

function parseTime(value: string): number {
  const at = parseEventTime(value)
  if (at === null)
    throw new UserError('Use a time such as 2026-01-31 or 2026-01-31T12:00:00Z.', { code: 'invalid-option' })
  return at
}

function parseShare(value: string): number {
  const share = value.endsWith('%') ? Number(value.slice(0, -1)) / 100 : Number(value)
  if (!(share > 0 && share <= 1))
    throw new UserError('Use a share above 0 % and up to 100 %, for example 10% or 0.1.', {
      code: 'invalid-option',
    })
  return share
}

function parseMaxPerDay(value: string): [detection: string, max: number] {
  const at = value.lastIndexOf('=')
  const max = Number(value.slice(at + 1))
  if (at < 1 || !/^\d+$/.test(value.slice(at + 1)))
    throw new UserError(`invalid value "${value}" of --max-per-day`, {
      code: 'invalid-option',
      hint: 'use RULE=NUMBER, for example AWS.Console.Login=5, or *=20 for each detection',
    })
  return [value.slice(0, at), max]
}
