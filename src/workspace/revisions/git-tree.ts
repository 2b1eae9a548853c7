/** Exports the files of a project at a commit into a temporary folder. The checkout and its index do not change. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { processEnvironment } from '../../config/files/environment.ts'
import { UserError } from '../../errors.ts'

const run = promisify(execFile)

interface GitTree {
  readonly folder: string
  /** The full hash of the commit. */
  readonly commit: string
  remove(): void
}

/** @param root is a folder inside a git checkout; only files below it are exported. */
export async function exportTree(root: string, ref: string): Promise<GitTree> {
  const commit = (await git(root, ref, 'rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`)).trim()
  const prefix = (await git(root, ref, 'rev-parse', '--show-prefix')).trim()
  const top = (await git(root, ref, 'rev-parse', '--show-toplevel')).trim()
  const temporary = mkdtempSync(join(tmpdir(), 'signalbox-revision-'))
  const remove = () => rmSync(temporary, { recursive: true, force: true })
  try {
    const index = { GIT_INDEX_FILE: join(temporary, 'index') }
    const folder = join(temporary, 'tree')
    await gitWith(index, top, ref, 'read-tree', prefix ? `${commit}:${prefix}` : commit)
    await gitWith(index, top, ref, 'checkout-index', '--all', '--quiet', `--prefix=${folder}/`)
    return { folder, commit, remove }
  } catch (error) {
    remove()
    throw error
  }
}

function git(root: string, ref: string, ...args: readonly string[]): Promise<string> {
  return gitWith({}, root, ref, ...args)
}

async function gitWith(
  env: Readonly<Record<string, string>>,
  root: string,
  ref: string,
  ...args: readonly string[]
): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', root, ...args], { env: { ...processEnvironment(), ...env } })
    return stdout
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string }
    if (code === 'ENOENT')
      throw new UserError('git not found', { code: 'missing-git', hint: 'install git', cause })
    throw new UserError(`cannot read revision ${ref}: ${stderr.trim().split('\n')[0] ?? ''}`, {
      code: 'unknown-revision',
      hint: 'use a commit, branch or tag of this checkout; in a shallow clone run git fetch --unshallow',
      cause,
    })
  }
}
