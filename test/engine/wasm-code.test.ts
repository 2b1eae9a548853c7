/** V8 frees no code of WebAssembly while several interpreters share a process: it may abort where it does. */
import { execFileSync } from 'node:child_process'
import { cachedDataVersionTag } from 'node:v8'
import { afterAll, expect, it } from 'vitest'
import { WarmEngine } from '../../src/engine/warm.ts'
import { IMAGES } from '../support/engine-project.ts'

const started: WarmEngine[] = []
afterAll(() => Promise.all(started.map((each) => each.cool())))

/** V8 tells its flags only so far that other flags give another tag. */
const tagWith = (...flags: string[]) =>
  Number(
    execFileSync(process.execPath, [
      ...process.execArgv,
      ...flags,
      '-p',
      "require('node:v8').cachedDataVersionTag()",
    ]),
  )

it('keeps V8’s flags for one interpreter, and the code of every module from the second on', () => {
  started.push(new WarmEngine(IMAGES))
  expect(cachedDataVersionTag()).toBe(tagWith())
  started.push(new WarmEngine(IMAGES))
  expect(cachedDataVersionTag()).toBe(tagWith('--no-wasm-code-gc'))
  started.push(new WarmEngine(IMAGES))
  expect(cachedDataVersionTag()).toBe(tagWith('--no-wasm-code-gc'))
})
