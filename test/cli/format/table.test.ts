import { expect, it } from 'vitest'
import { shortId } from '../../../src/cli/command/ids.ts'
import { formatTime, table } from '../../../src/cli/format/table.ts'

it('a table pads columns to their widest cell and has no trailing spaces', () => {
  expect(
    table(
      ['ID', 'TITLE', 'NOTE'],
      [
        ['a', 'long title', ''],
        ['bcd', 'x', 'y'],
      ],
    ),
  ).toBe('ID   TITLE       NOTE\na    long title\nbcd  x           y\n')
})

it('a table escapes cells and truncates long ones', () => {
  const [, row = ''] = table(['TITLE'], [[`a\nb\u001b${'c'.repeat(100)}`]]).split('\n')
  expect(row).toMatch(/^a\\nb\\u001bc+…$/)
  expect(row).toHaveLength(60)
})

it('a table without rows has only a header', () => {
  expect(table(['ID'], [])).toBe('ID\n')
})

it('times are in UTC with seconds', () => {
  expect(formatTime(Date.UTC(2026, 1, 3, 4, 5, 6, 789))).toBe('2026-02-03 04:05:06Z')
})

it('short ids are the first twelve digits', () => {
  expect(shortId('0123456789abcdef0123456789abcdef')).toBe('0123456789ab')
})
