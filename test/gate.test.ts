/** The workflow for pull requests runs every part of the gate. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const text = (...path: readonly string[]) => readFileSync(join(import.meta.dirname, '..', ...path), 'utf8')

it('every step of .ci/run is in the workflow', () => {
  const steps = [...text('.ci', 'run').matchAll(/^step (.+)$/gm)].map((match) => match[1]!)
  expect(steps.length).toBeGreaterThan(7)
  const workflow = text('.github', 'workflows', 'test.yml')
  expect(steps.filter((step) => !workflow.includes(step))).toEqual([])
})
