/** Environment variables for the tests of a file: what libraries read there, without the variables of the developer. */
import { afterAll, beforeAll } from 'vitest'

export function withEnvironment(values: Readonly<Record<string, string | undefined>>): void {
  const before = new Map<string, string | undefined>()
  beforeAll(() => {
    for (const [name, value] of Object.entries(values)) {
      before.set(name, process.env[name])
      set(name, value)
    }
  })
  afterAll(() => {
    for (const [name, value] of before) set(name, value)
  })
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
