/** `destinations test` sends the documented test alert. `destinations resume` ends the pause or the wait of a destination. */
import { UserError } from '../../../errors.ts'
import { escapeForTerminal } from '../../../reporters/parts/terminal-text.ts'
import { destinationByName } from '../../../workspace/destinations/registry.ts'
import { isHeld, resumeDestination } from '../../../workspace/destinations/resume-destination.ts'
import { sendTestAlerts, type TestReport } from '../../../workspace/destinations/test-alert.ts'
import { openProjectStore } from '../../../workspace/project-store.ts'
import { AS, actingPerson } from '../../command/acting.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK, type Io } from '../../command/command.ts'
import { durationMs } from '../../command/duration.ts'
import { ALLOW_LOCAL_TYPES, FORMAT, flag, list, parsed, STORE } from '../../command/options.ts'
import { openRegistry, type RegistrySession } from '../../command/registry-session.ts'
import { jsonDocument } from '../../command/store-session.ts'
import { createLinePrinter } from '../../format/line-printer.ts'
import { formatTime } from '../../format/table.ts'

const DEFAULT_TIMEOUT_MS = 30_000

export const SEND_OPTIONS = {
  timeout: parsed('--timeout <time>', 'time to wait for an answer; default: 30s', durationMs),
  allowLocalTypes: ALLOW_LOCAL_TYPES,
  secretsDir: list('--secrets-dir <dir>', 'directory outside the project whose files secrets may refer to'),
}
interface SendValues {
  readonly timeout?: number
  readonly secretsDir: readonly string[]
}

export const test = defineCommand({
  arguments: { '[names...]': 'names or ids of destinations' },
  suggestions: 'destinations',
  options: { all: flag('--all', 'test every enabled destination'), ...SEND_OPTIONS, format: FORMAT },
  async run({ args, options }, io) {
    if (args.length > 0 === options.all)
      throw new UserError('destinations test requires either names or --all', {
        code: 'conflicting-options',
      })
    const session = await openRegistry(options, io)
    const reports = await sendTo(options.all ? null : args, session, options, io)
    if (options.format === 'json') session.print(jsonDocument({ tests: reports.map(reportJson) }))
    else for (const report of reports) session.print(reportText(report, session))
    return reports.every(({ result }) => result.result === 'delivered') ? EXIT_OK : EXIT_FAILED
  },
})

/** @param names the destinations, or null for every enabled destination. */
export function sendTo(
  names: readonly string[] | null,
  { project, workspace }: RegistrySession,
  { timeout = DEFAULT_TIMEOUT_MS, secretsDir }: SendValues,
  io: Io,
): Promise<TestReport[]> {
  const chosen = names
    ? names.map((name) => destinationByName(project, name))
    : project.registry.destinations.filter(({ enabled }) => enabled)
  return sendTestAlerts(project, [...new Set(chosen)], {
    workspace,
    secretsDirs: secretsDir,
    timeoutMs: timeout,
    print: createLinePrinter(io.stdout),
  })
}

/** The message already begins with the status, if the destination returned one. */
export function reportText(
  { destination, result, durationMs }: TestReport,
  { style }: Pick<RegistrySession, 'style'>,
): string {
  const arrived = result.result === 'delivered'
  const verdict = arrived ? style('green', 'delivered') : style('red', 'failed')
  return `${destination}: ${verdict} in ${Math.round(durationMs)} ms: ${escapeForTerminal(result.message)}\n`
}

function reportJson({ destination, result, durationMs }: TestReport) {
  const { status, message } = result
  return {
    destination,
    delivered: result.result === 'delivered',
    status,
    message,
    durationMs: Math.round(durationMs),
  }
}

export const resume = defineCommand({
  arguments: { '<name>': 'name or id of the destination' },
  suggestions: 'destinations',
  options: { as: AS, store: STORE },
  async run({ args: [name = ''], options }, io) {
    const session = await openRegistry(options, io)
    const destination = destinationByName(session.project, name)
    const store = await openProjectStore(session.workspace, options.store, 'write')
    try {
      const now = store.now()
      const before = await resumeDestination(store, destination, actingPerson(options), now)
      const { pausedAt, pausedReason, heldUntil } = before
      if (pausedAt === null && !isHeld(before, now)) {
        session.printError(`${destination.name} is neither paused nor held`)
        return EXIT_FAILED
      }
      const was =
        pausedAt === null
          ? `it was held until ${formatTime(heldUntil!)}`
          : `it has been paused since ${formatTime(pausedAt)}: ${escapeForTerminal(pausedReason)}`
      session.print(
        `${destination.name} will be retried immediately by the running daemon, or at its next start; ${was}\n`,
      )
      return EXIT_OK
    } finally {
      await store.close()
    }
  },
})
