/** The page about types of one's own, step by step, in a new repository that has this checkout as its package. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkPackage } from '../support/linked-package.ts'
import { runCommand } from '../support/process.ts'
import { REPOSITORY } from './markdown-pages.ts'
import { namedSteps, PageRunner } from './page-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-writing-'))
const runner = new PageRunner(folder)

beforeAll(async () => {
  const { code, err } = await runCommand(['init', folder])
  expect(code, err).toBe(0)
  linkPackage(folder)
})
afterAll(async () => {
  await runner.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the page about writing destinations', () => {
  const steps = namedSteps(readFileSync(join(REPOSITORY, 'docs/writing-destinations.md'), 'utf8'))

  it('the page has its steps', () => expect(steps.length).toBeGreaterThan(8))

  it.each(steps)('$title', async ({ step }) => {
    await runner.take(step)
  })
})
