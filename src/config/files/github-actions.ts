/** Reads the environment that GitHub Actions gives to a step. */
import { relative, resolve, sep } from 'node:path'
import type { Environment } from './environment.ts'

export interface ActionsStep {
  /** The prefix that makes a project's file names relative to the repository. It is empty or ends in `/`. */
  readonly pathPrefix: string
  /** The file to which the step's summary is appended; null: no step of GitHub Actions. */
  readonly summaryFile: string | null
}

export function actionsStep(root: string, environment: Environment): ActionsStep {
  const { GITHUB_WORKSPACE, GITHUB_STEP_SUMMARY } = environment
  const path = relative(GITHUB_WORKSPACE || '.', resolve(root))
    .split(sep)
    .join('/')
  return { pathPrefix: path === '' ? '' : `${path}/`, summaryFile: GITHUB_STEP_SUMMARY || null }
}
