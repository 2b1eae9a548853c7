import { expect, it } from 'vitest'
import { lcov } from '../../src/reporters/parts/lcov.ts'

it('the tracefile has a record per file', () => {
  const files = [
    { file: 'rules/a.py', executable: [1, 2, 5], run: [1, 5] },
    { file: 'rules/empty.py', executable: [], run: [] },
  ]
  expect(lcov(files)).toBe(`TN:
SF:rules/a.py
DA:1,1
DA:2,0
DA:5,1
LF:3
LH:2
end_of_record
TN:
SF:rules/empty.py
LF:0
LH:0
end_of_record
`)
})

it('a file name cannot add a line', () => {
  expect(lcov([{ file: 'a\nDA:1,1.py', executable: [], run: [] }])).toContain('SF:a?DA:1,1.py\n')
})

it('the tracefile is empty without files', () => {
  expect(lcov([])).toBe('')
})
