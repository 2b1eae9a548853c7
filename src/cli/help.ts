/** Formats the text of `signalbox --help`. Pure. */
import { COMMANDS } from './command-map.ts'

export function overallHelp(): string {
  const built = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const)
  return `Usage: signalbox COMMAND [arguments] [options]

Runs Panther-format detections, routes their alerts by version-controlled rules, and delivers them durably.

Commands:
${rows(built)}

signalbox COMMAND --help shows the options of a command, signalbox --version the version.
Exit codes: 0 success; 1 failed tests, invalid files or undelivered alerts; 2 wrong use, or could not run.
`
}

export function groupHelp(name: string, built: readonly (readonly [string, string])[]): string {
  return `Usage: signalbox ${name} COMMAND [arguments] [options]\n\nCommands:\n${rows(built)}\n`
}

function rows(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`).join('\n')
}
