/** V8 frees no code of WebAssembly while several interpreters share a process: it may abort where it does. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SNAPSHOT_DIRECTORY } from '../../support/engine-project.ts'
import { commandEnvironment } from '../../support/process.ts'

const WARM = join(import.meta.dirname, '../../../src/engine/pool/prewarmed-worker.ts')
/** Starts three interpreters and prints the tag before and after each of them. */
const STARTS = `
  import { cachedDataVersionTag } from 'node:v8'
  import { PrewarmedWorker } from ${JSON.stringify(WARM)}
  const tags = [cachedDataVersionTag()]
  const started = []
  for (let count = 1; count <= 3; count++) {
    started.push(PrewarmedWorker.start(${JSON.stringify(SNAPSHOT_DIRECTORY)}))
    tags.push(cachedDataVersionTag())
  }
  await Promise.all(started.map((each) => each.dispose()))
  console.log(JSON.stringify(tags))
`

/** Returns the output of a separate process with these flags of V8. */
function printed(flags: readonly string[], ...script: readonly string[]): unknown {
  const args = [...flags, ...script]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: commandEnvironment() }))
}

/** V8 does not list its flags, but other flags give another tag. */
const tagWith = (...flags: string[]) => printed(flags, '-p', "require('node:v8').cachedDataVersionTag()")

it('one interpreter leaves the flags of V8 unchanged, and from the second on V8 keeps the code of every module', () => {
  const [usual, kept] = [tagWith(), tagWith('--no-wasm-code-gc')]
  expect(kept).not.toBe(usual)
  expect(printed([], '--input-type=module', '--eval', STARTS)).toEqual([usual, usual, kept, kept])
})
