/** Every error for the user has a code, every code is used, and the page lists all of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorPage } from '../scripts/error-docs.ts'
import { ERROR_CODES } from '../src/error-codes.ts'

const root = join(import.meta.dirname, '..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== 'error-codes.ts')
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }))

it('the page of error codes is what the code says', () => {
  const page = readFileSync(join(root, 'docs', 'reference', 'error-codes.md'), 'utf8')
  expect(page).toBe(errorPage())
})

it('every code is used', () => {
  const unused = Object.keys(ERROR_CODES).filter(
    (code) => !sources.some(({ text }) => text.includes(`code: '${code}'`)),
  )
  expect(unused).toEqual([])
})
