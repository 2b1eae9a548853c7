import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openToken } from '../../src/daemon/http-token.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-token-'))
})
afterAll(() => rmSync(root, { recursive: true }))

it('is read anew each time, without the line end', () => {
  const file = join(root, 'token')
  writeFileSync(file, 'first\n')
  const token = openToken(file)!
  expect(token()).toBe('first')
  writeFileSync(file, 'second\n')
  expect(token()).toBe('second')
  expect(openToken(undefined)).toBeUndefined()
})

it('a file that is missing or empty is refused at the start', () => {
  writeFileSync(join(root, 'empty'), '\n')
  expect(() => openToken(join(root, 'missing'))).toThrow(/missing can't be read: ENOENT/)
  expect(() => openToken(join(root, 'empty'))).toThrow(/empty is empty/)
})
