import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { adapterNames } from '../../src/adapters.ts'
import { sourcesFolder } from '../support/source.ts'

it.each(adapterNames(sourcesFolder))('%s is registered with the contract of sources', (name) => {
  const test = readFileSync(join(import.meta.dirname, '../sources', `${name}.test.ts`), 'utf8')
  expect(test).toContain(`sourceContract('${name}'`)
})
