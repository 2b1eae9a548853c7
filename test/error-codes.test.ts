/** Every error that a user can fix has a code, and every code is used. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ERROR_CODES } from '../src/error-codes.ts'

const root = join(import.meta.dirname, '..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('error-codes'))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }))

it('every code is used', () => {
  const unused = Object.keys(ERROR_CODES).filter(
    (code) => !sources.some(({ text }) => text.includes(`'${code}'`)),
  )
  expect(unused).toEqual([])
})

it('every error that a user can fix has a code', () => {
  const without = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/new UserError\(/g)].flatMap(({ index }) => {
      // The call ends where its parentheses do; messages hold balanced ones.
      let depth = 0
      let end = index + 'new UserError'.length
      do {
        if (text[end] === '(') depth++
        if (text[end] === ')') depth--
        end++
      } while (depth > 0 && end < text.length)
      const call = text.slice(index, end)
      return /\bcode\b/.test(call) ? [] : [`${path}: ${call.slice(0, 80)}`]
    }),
  )
  expect(without).toEqual([])
})
