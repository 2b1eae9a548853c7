/** destinations.yaml as a text that commands change: nothing is written that does not load. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { checkDestinationsText } from '../config/destinations.ts'
import { processEnvironment } from '../config/env-file.ts'
import { registryFileOf } from '../config/load.ts'
import { formatProblem, ProblemList } from '../config/problems.ts'
import { loadSettings } from '../config/settings.ts'
import { SourceText } from '../config/source-text.ts'
import { UserError } from '../errors.ts'
import type { Problem } from '../model/problem.ts'
import { DESTINATIONS_FOLDER } from './destination-types.ts'
import type { WorkspaceOptions } from './project.ts'

export interface RegistryFile {
  readonly root: string
  /** Absolute. */
  readonly path: string
  /** As problems name it. */
  readonly file: string
  /** null: it does not exist yet. */
  readonly text: string | null
}

export function readRegistryFile({ root, destinationsFile, envFile }: WorkspaceOptions): RegistryFile {
  const base = resolve(root)
  const settings = loadSettings(base, processEnvironment(envFile), new ProblemList())
  const file = registryFileOf(base, destinationsFile ?? settings.destinationsFile)
  const path = resolve(base, file)
  return { root: base, path, file, text: existsSync(path) ? readFileSync(path, 'utf8') : null }
}

/** Rejects with a UserError, and leaves the file alone, when the new text has a fault that the old one had not. */
export async function writeRegistryFile(registry: RegistryFile, text: string): Promise<void> {
  const before = new Set((await faultsOf(registry, registry.text ?? '')).map(identity))
  const added = (await faultsOf(registry, text)).filter((fault) => !before.has(identity(fault)))
  if (added.length > 0) {
    throw new UserError(`${registry.file} was not changed\n\n${added.map(formatProblem).join('\n\n')}`)
  }
  replaceFile(registry.path, text)
}

/** What a command may not bring in: errors, and literals where a secret belongs. */
async function faultsOf({ root, file }: RegistryFile, text: string): Promise<Problem[]> {
  const problems = new ProblemList()
  await checkDestinationsText(
    root,
    new SourceText(file, text.replace(/^\uFEFF/, '')),
    DESTINATIONS_FOLDER,
    problems,
  )
  return problems.sorted().filter(({ severity, code }) => severity === 'error' || code === 'literal-secret')
}

function identity({ code, message }: Problem): string {
  return `${code} ${message}`
}

/** In one step: whoever reads it meanwhile sees the old or the new text. */
export function replaceFile(file: string, text: string): void {
  const path = existsSync(file) ? realpathSync(file) : file
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`
  writeFileSync(draft, text, mode === undefined ? {} : { mode })
  renameSync(draft, path)
}
