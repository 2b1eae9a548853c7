// Writes docs/reference/error-codes.md from src/error-codes.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES } from '../src/error-codes.ts'

/** The page as text. */
export function errorPage(): string {
  const rows = Object.entries(ERROR_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { cause, fix }]) => `| \`${code}\` | ${cause} | ${fix} |`)
  return `# Error codes

An error that ends a command has a code in brackets after its message, and exit code 2. The code stays the same from
version to version; the wording of the message may change. [Problem codes](problem-codes.md) are about the files of a
project.

This page is generated from \`src/error-codes.ts\`.

| code | cause | fix |
|---|---|---|
${rows.join('\n')}
`
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'reference', 'error-codes.md'), errorPage())
}
