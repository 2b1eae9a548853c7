/** `doctor` checks the installation and the project, and prints a hint for what is missing. */
import { escapeForTerminal } from '../../reporters/parts/terminal-text.ts'
import { type CheckResult, runChecks } from '../../workspace/checks.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { ALLOW_LOCAL_TYPES, FORMAT, list, text } from '../command/options.ts'
import { openSession, type Session } from '../command/session.ts'
import { jsonDocument } from '../command/store-session.ts'

export default defineCommand({
  options: {
    secretsDir: list('--secrets-dir <dir>', 'directory outside the project whose files secrets may refer to'),
    httpTokenFile: text('--http-token-file <file>', 'token file of run, to check its permissions'),
    httpTlsKey: text('--http-tls-key <file>', 'private key of run, to check its permissions'),
    allowLocalTypes: ALLOW_LOCAL_TYPES,
    format: FORMAT,
  },
  async run({ options }, io) {
    const session = openSession(options, io, { workspace: { allowUnknownDestinations: true } })
    const results = await runChecks(session.workspace, {
      secretsDirs: options.secretsDir,
      httpTokenFile: options.httpTokenFile,
      httpTlsKey: options.httpTlsKey,
    })
    if (options.format === 'json') session.print(jsonDocument({ findings: results }))
    else for (const result of results) session.print(line(result, session))
    return results.some(({ state }) => state === 'missing') ? EXIT_FAILED : EXIT_OK
  },
})

const COLOUR = { fine: 'green', note: 'yellow', missing: 'red' } as const

function line({ what, state, detail, hint }: CheckResult, { style }: Session): string {
  const advice = hint ? `\n${' '.repeat(23)}${hint}` : ''
  return `${style(COLOUR[state], state.padEnd(8))} ${what.padEnd(13)} ${escapeForTerminal(detail)}${advice}\n`
}
