import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openToken } from '../../../src/daemon/access/http-token.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-token-'))
})
afterAll(() => rmSync(root, { recursive: true }))

it('the token is read again for each request, without the end of the line', () => {
  const file = join(root, 'token')
  writeFileSync(file, 'first\n')
  const token = openToken(file)!
  expect(token()).toBe('first')
  writeFileSync(file, 'second\n')
  expect(token()).toBe('second')
  expect(openToken(undefined)).toBeUndefined()
})

it('a token file that is missing or empty is an error at the start', () => {
  writeFileSync(join(root, 'empty'), '\n')
  expect(() => openToken(join(root, 'missing'))).toThrow(/missing cannot be read: ENOENT/)
  expect(() => openToken(join(root, 'empty'))).toThrow(/empty is empty/)
})
