import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SOURCE_TYPES } from '../../src/sources/_catalog.ts'

it.each(Object.keys(SOURCE_TYPES))('%s is registered with the contract of sources', (name) => {
  const test = readFileSync(join(import.meta.dirname, '../sources', `${name}.test.ts`), 'utf8')
  expect(test).toMatch(new RegExp(`(?:source|partitionedSource)Contract\\(\\s*'${name}'`))
})
