/** A project as it was at a commit: its files, laid out in a folder of their own. The checkout and its index are left alone. */
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
  /** The commit's full hash. */
  readonly commit: string
  remove(): void
}

/** @param root a folder inside a git checkout; only what lies below it is laid out. */
export async function exportTree(root: string, ref: string): Promise<GitTree> {
  const commit = (await git(root, ref, 'rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`)).trim()
  const prefix = (await git(root, ref, 'rev-parse', '--show-prefix')).trim()
  const top = (await git(root, ref, 'rev-parse', '--show-toplevel')).trim()
  const place = mkdtempSync(join(tmpdir(), 'signalbox-routes-'))
  const remove = () => rmSync(place, { recursive: true, force: true })
  try {
    const index = { GIT_INDEX_FILE: join(place, 'index') }
    const folder = join(place, 'tree')
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
    if (code === 'ENOENT') throw new UserError('git is needed to look at another commit', { cause })
    throw new UserError(`git cannot give ${ref}: ${stderr.trim().split('\n')[0] ?? ''}`, {
      hint: 'name a commit, branch or tag of this checkout; a shallow clone may lack it: git fetch --unshallow',
      cause,
    })
  }
}
