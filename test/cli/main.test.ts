/** The real process: what main.ts does beyond the program. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const main = join(import.meta.dirname, '../../src/main.ts')

it.each([
  [['--version'], 0],
  [['nonsense'], 2],
])('%j ends the process with %i', (argv, code) => {
  expect(spawnSync(process.execPath, [main, ...argv]).status).toBe(code)
})

it('a closed reader ends the process without a message', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += String(chunk)
  })
  const [code] = (await once(child, 'close')) as [number]
  expect({ code, complaints }).toEqual({ code: 141, complaints: '' })
})

it('an open standard input does not keep the process alive', async () => {
  const child = spawn(process.execPath, [main, '--version'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const [code] = (await once(child, 'exit')) as [number]
  child.stdin.destroy()
  expect(code).toBe(0)
})
