/**
 * Imports a local type several times in a process of its own, because the imports of vitest are not those of Node. Before
 * each import it writes files.
 */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { DestinationType } from '../../../src/destinations/_destination.ts'
import { messageOf, UserError } from '../../../src/errors.ts'
import { localTypeImporter } from '../../../src/workspace/destinations/local-types.ts'
import { commandEnvironment } from '../../support/process.ts'

export type ImportResult =
  | {
      readonly summary: string
      readonly staleFiles: readonly string[]
      readonly isSame?: boolean
      readonly sent?: string
    }
  | { readonly error: string; readonly hint?: string }

type Files = Readonly<Record<string, string>>

interface StepOptions {
  /** True: each type sends after its import, and once more after the next files are written. */
  readonly sends?: boolean
}

/** @param steps the files to write before each import, by their paths in the project. */
export async function importSteps(
  root: string,
  type: string,
  steps: readonly Files[],
  { sends = false }: StepOptions = {},
): Promise<ImportResult[]> {
  const args = [fileURLToPath(import.meta.url), JSON.stringify({ root, type, steps, sends })]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: commandEnvironment() })
  return JSON.parse(stdout) as ImportResult[]
}

const sendOf = (adapter: DestinationType) =>
  Reflect.get(adapter, 'send') as () => Promise<{ readonly message: string }>

interface Run extends Required<StepOptions> {
  readonly root: string
  readonly type: string
  readonly steps: readonly Files[]
}

async function runSteps({ root, type, steps, sends }: Run) {
  const results: ImportResult[] = []
  const seen = new Set<DestinationType>()
  for (const files of steps) {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
    if (sends) for (const adapter of seen) await sendOf(adapter)()
    try {
      const { adapter, staleFiles } = await localTypeImporter(root)(type)
      const { summary } = adapter
      results.push({
        summary,
        staleFiles,
        ...(steps.length > 2 && { isSame: seen.has(adapter) }),
        ...(sends && { sent: (await sendOf(adapter)()).message }),
      })
      seen.add(adapter)
    } catch (error) {
      const hint = error instanceof UserError ? error.hint : undefined
      results.push({ error: messageOf(error), ...(hint !== undefined && { hint }) })
    }
  }
  return results
}

const [, script, given] = process.argv
if (given !== undefined && script === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await runSteps(JSON.parse(given) as Run)))
}
