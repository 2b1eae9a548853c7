/** The files of a log that are remembered, and their bound. */
import { expect, it } from 'vitest'
import { START_POSITION } from '../../../src/sources/framing/frame.ts'
import type { FileRecord } from '../../../src/sources/tail/file-cursor.ts'
import { LogRecords } from '../../../src/sources/tail/log-records.ts'

const READ: readonly FileRecord[] = Array.from({ length: 200 }, (_, n) => ({
  inode: `${n}`,
  bornAt: BigInt(n + 1),
  size: 1,
  at: { ...START_POSITION, line: 2, offset: 1 },
  print: { bytes: 1, hash: `${n}`, marks: '' },
  origin: `${n}/${n + 1}`,
  state: 'finished',
}))

function remembered(files: readonly FileRecord[], isComplete: boolean): readonly string[] {
  const records = new LogRecords({ files, forgottenBefore: 0n, readUntil: null })
  records.trim([], isComplete)
  return records.all().map(({ inode }) => inode)
}

it('the newest missing files are remembered', () => {
  expect(remembered(READ, true)).toEqual(READ.slice(-8).map(({ inode }) => inode))
})

it('files that may exist although they were not listed are remembered, so that they are not read twice', () => {
  expect(remembered(READ.slice(0, 50), false)).toHaveLength(50)
})

it('the number of remembered files is limited although no listing is complete', () => {
  expect(remembered(READ, false)).toEqual(READ.slice(-128).map(({ inode }) => inode))
})
