import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FollowedFile } from '../../../src/sources/tail/followed-file.ts'

const RULES = { eventBytes: 1000, unwrap: null }

async function followed(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-followed-'))
  const path = join(folder, 'x.ndjson')
  await writeFile(path, text)
  const file = await FollowedFile.open(await open(path), RULES)
  onTestFinished(async () => {
    await file.close()
    await rm(folder, { recursive: true })
  })
  return { path, file }
}

async function textsOf(file: FollowedFile) {
  const read = await file.read()
  return typeof read === 'string' ? read : read.map(({ raw }) => raw)
}

it('a file that was rewritten and became longer between two reads is reported, and no part of a line is returned', async () => {
  const { path, file } = await followed('a\n')
  expect(await textsOf(file)).toEqual(['a'])
  await writeFile(path, 'longer than before\nand more\n')
  expect(await textsOf(file)).toBe('rewritten')
  expect(await file.isIntact()).toBe(false)
})

it('a file that was rewritten before the first read is reported', async () => {
  const { path, file } = await followed('a\n')
  await writeFile(path, 'b\n')
  expect(await textsOf(file)).toBe('rewritten')
})

it('a file that was cut, but not at its beginning, is reported', async () => {
  const { path, file } = await followed(`${'x'.repeat(2000)}\ny\n`)
  expect(await file.read()).toHaveLength(2)
  await truncate(path, 2000)
  expect(await textsOf(file)).toBe('rewritten')
})

it('a file that has grown is read on, however short it was', async () => {
  const { path, file } = await followed('')
  expect(await textsOf(file)).toBe('end')
  await writeFile(path, 'a', { flag: 'a' })
  expect(await textsOf(file)).toEqual([])
  await writeFile(path, 'b\nc\n', { flag: 'a' })
  expect(await textsOf(file)).toEqual(['ab', 'c'])
})
