import { expect, it } from 'vitest'
import { shortId } from '../../src/cli/command/ids.ts'
import { formatTime, table } from '../../src/cli/format/table.ts'

it('pads columns to their widest cell and leaves no trailing blanks', () => {
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

it('makes cells safe and cuts long ones', () => {
  const [, row = ''] = table(['TITLE'], [[`a\nb\u001b${'c'.repeat(100)}`]]).split('\n')
  expect(row).toMatch(/^a\\nb\\u001bc+…$/)
  expect(row).toHaveLength(60)
})

it('an empty list has a header only', () => {
  expect(table(['ID'], [])).toBe('ID\n')
})

it('times are in UTC, to the second', () => {
  expect(formatTime(Date.UTC(2026, 1, 3, 4, 5, 6, 789))).toBe('2026-02-03 04:05:06Z')
})

it('short ids are the first twelve digits', () => {
  expect(shortId('0123456789abcdef0123456789abcdef')).toBe('0123456789ab')
})
