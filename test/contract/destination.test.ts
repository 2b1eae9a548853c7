import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { adapterNames } from '../../src/adapters.ts'
import { destinationsFolder } from '../support/delivery.ts'

it.each(adapterNames(destinationsFolder))('%s is registered with the contract of destinations', (name) => {
  const test = readFileSync(join(import.meta.dirname, '../destinations', `${name}.test.ts`), 'utf8')
  expect(test).toContain(`destinationContract('${name}'`)
})
