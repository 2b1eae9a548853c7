/** The text of `signalbox --help`. Pure. */
import { COMMANDS, NOT_BUILT } from './_commands.ts'

export function overallHelp(): string {
  const built = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const)
  return `Usage: signalbox COMMAND [arguments] [options]

Runs Panther-format detections, routes their alerts by version-controlled rules, delivers them durably.

Commands:
${rows(built)}

Not built yet:
${rows(Object.entries(NOT_BUILT))}

signalbox COMMAND --help shows a command's options, signalbox --version the version.
Exit codes: 0 fine; 1 failed tests, invalid files, undelivered alerts; 2 could not run, or wrong use.
`
}

export function groupHelp(
  name: string,
  built: readonly (readonly [string, string])[],
  notBuilt: readonly (readonly [string, string])[],
): string {
  const missing = notBuilt.length > 0 ? `\nNot built yet:\n${rows(notBuilt)}\n` : ''
  return `Usage: signalbox ${name} COMMAND [arguments] [options]\n\nCommands:\n${rows(built)}\n${missing}`
}

function rows(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`).join('\n')
}
