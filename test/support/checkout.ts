/** A checkout of Signalbox that a test may change without a loss to the tests beside it. */
import { cpSync, mkdtempSync, symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '..', '..')

/**
 * Copies the sources, and uses the packages of this checkout. @param onEnd registers the removal, for one test or for
 * all tests of a `describe`.
 */
export function copyCheckout(onEnd: (remove: () => Promise<void>) => void = onTestFinished): string {
  const copy = mkdtempSync(join(tmpdir(), 'signalbox-checkout-'))
  onEnd(() => rm(copy, { recursive: true, force: true }))
  for (const part of ['bin', 'src', 'package.json', 'tsconfig.json']) {
    cpSync(join(REPOSITORY, part), join(copy, part), { recursive: true })
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'))
  return copy
}
