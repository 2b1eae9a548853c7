/** A copy of the example project of this repository: running it writes files, and the checkout stays as it is. */
import { cpSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '..', '..')

/** It is removed when the test has ended. */
export function copyExampleProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'signalbox-example-'))
  onTestFinished(() => rm(copy, { recursive: true, force: true }))
  for (const part of ['signalbox.yaml', 'destinations.yaml', 'detections', 'examples']) {
    cpSync(join(REPOSITORY, part), join(copy, part), { recursive: true })
  }
  return copy
}
