/** The other half of escapes.test.ts: in a plain Pyodide the same attempts reach the host, or fail for the reason given. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ATTEMPTS } from './attempts.ts'
import { openWorld, type World } from './world.ts'

const ALL = Object.values(ATTEMPTS).flat()

let world: World
let outputs: ReadonlyMap<string, string>
beforeAll(async () => {
  world = await openWorld()
  outputs = await runUnhardened(
    ALL.map((attempt) => ({ name: attempt.name, source: world.source(attempt, attempt.name) })),
  )
})
afterAll(() => world.close())

it('there are at least 70 attempts, each with its own name', () => {
  expect(ALL.length).toBeGreaterThanOrEqual(70)
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length)
})

it.each(ALL)('[SEC-1.2] $name $control', ({ name, control }) => {
  const said = outputs.get(name)
  const reached = world.traces(name, said ?? '').length > 0
  expect({ said, control: reached ? 'reaches the host' : 'fails everywhere' }).toEqual({
    said: expect.any(String),
    control: control.split(':')[0],
  })
})

/** The result of each attempt by name, or the way in which it ended the interpreter. */
async function runUnhardened(
  bodies: readonly { name: string; source: string }[],
): Promise<ReadonlyMap<string, string>> {
  const file = join(world.folder, 'attempts.json')
  writeFileSync(file, JSON.stringify(bodies))
  const child = spawn(process.execPath, [join(import.meta.dirname, 'unhardened.ts'), file], {
    env: { PATH: process.env.PATH, ...world.environment },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => {}).end(`${world.secret}\n`.repeat(1000))
  let out = ''
  for await (const chunk of child.stdout) out += String(chunk)
  const lines = out.split('\n').filter((line) => line.startsWith('{"name"'))
  return new Map(
    lines.map((line) => {
      const { name, got } = JSON.parse(line) as { name: string; got: string }
      return [name, got]
    }),
  )
}
