/** The tutorial, step by step, in an empty folder with the real command. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from './markdown-pages.ts'
import { namedSteps, PageRunner } from './page-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-tutorial-'))
const runner = new PageRunner(folder)

afterAll(async () => {
  await runner.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the tutorial', () => {
  const steps = namedSteps(readFileSync(join(REPOSITORY, 'docs/tutorial.md'), 'utf8'))

  it('the tutorial has more than fifteen steps', () => expect(steps.length).toBeGreaterThan(15))

  it.each(steps)('$title', async ({ step }) => {
    await runner.take(step)
  })
})
