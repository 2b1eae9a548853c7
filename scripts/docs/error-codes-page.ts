/** The page of error codes, from src/error-codes.ts. */
import { ERROR_CODES } from '../../src/error-codes.ts'

export function errorCodesPage(): string {
  const rows = Object.entries(ERROR_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { cause, fix }]) => `| \`${code}\` | ${cause} | ${fix} |`)
  return `# Error codes

An error that ends a command has a code in brackets after its message. The code stays the same from version to version;
the wording of the message may change. [Exit codes](../cli.md#exit-codes) say how the command ended, and
[problem codes](problem-codes.md) are about the files of a project.

| code | cause | fix |
|---|---|---|
${rows.join('\n')}
`
}
