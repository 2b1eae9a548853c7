import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'

it.each(Object.keys(DESTINATION_TYPES))('%s is registered with the contract of destinations', (name) => {
  const test = readFileSync(join(import.meta.dirname, '../destinations', `${name}.test.ts`), 'utf8')
  expect(test).toMatch(new RegExp(`destinationContract\\(\\s*'${name}'`))
})
