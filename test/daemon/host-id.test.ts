/** The id of the host: given, kept, or new at each start where that does no harm. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cursorName } from '../../src/daemon/cursor-name.ts'
import { hostIdOf } from '../../src/daemon/host-id.ts'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-host-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const idOf = (given: string | null, location = 'sqlite:x', isShared = false) =>
  hostIdOf({ given, projectRoot: root, store: { location, isShared } })
const file = () => join(root, '.signalbox/host-id')

it('the id of a host is kept by the first start, in a file that only its owner can read', () => {
  const id = idOf(null)
  expect(idOf(null)).toBe(id)
  expect(readFileSync(file(), 'utf8')).toBe(`${id}\n`)
  expect(statSync(file()).mode & 0o777).toBe(0o600)
})

it('a given id wins over the kept one, and nothing is written for it', () => {
  expect(idOf('host-1')).toBe('host-1')
  expect(() => statSync(file())).toThrow('ENOENT')
  idOf(null)
  expect(idOf('host-1')).toBe('host-1')
})

it('a store in memory keeps no id', () => {
  expect(idOf(null, 'memory:')).not.toBe(idOf(null, 'memory:'))
  expect(() => statSync(file())).toThrow('ENOENT')
})

it.each([
  ['cannot be written', () => writeFileSync(join(root, '.signalbox'), '')],
  [
    'is not kept because its file holds something else',
    () => {
      idOf(null)
      writeFileSync(file(), 'a:b')
    },
  ],
])('an id that %s is refused by a shared store only', (_, prepare) => {
  prepare()
  expect(idOf(null)).toMatch(/^[0-9a-f-]{36}$/)
  expect(() => idOf(null, 'postgres:x', true)).toThrow(/cannot keep the id of this host/)
})

it.each([
  ['file:/var/log/x?follow=true', 'file:h:/var/log/x'],
  ['file:x?name=trail', 'file:h:x'],
  ['kafka:broker/topic', 'kafka:broker/topic'],
  ['kafka:broker/topic?name=audit', 'kafka:broker/topic'],
])('the cursor of %s is %s', (from, cursor) => {
  expect(cursorName(parseSourceSpec(from), 'h')).toBe(cursor)
})
