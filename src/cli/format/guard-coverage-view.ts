/** Which detections of a project are guarded, as `validate --guards` prints it. */
import { counted, escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'
import { coverageText, type GuardCoverage, incompleteTypes } from '../../workspace/guards/guard-coverage.ts'

/** One line for the project, and one for each log type whose events cannot all skip Python. */
export function coverageReport(coverage: GuardCoverage, style: Style): string {
  const lines = incompleteTypes(coverage).map(({ logType, rules, seesEveryEvent: { length } }) => {
    const all = `${length} of ${counted(rules, 'rule')} ${length === 1 ? 'sees' : 'see'} every event`
    return `  ${escapeForTerminal(logType)}: ${all}`
  })
  return [style('bold', `guards: ${coverageText(coverage)}`), ...lines].map((line) => `${line}\n`).join('')
}

/** The shape is stable and documented in docs/cli.md. */
export function coverageJson({ detections, logTypes }: GuardCoverage): object {
  return { detections, logTypes }
}
