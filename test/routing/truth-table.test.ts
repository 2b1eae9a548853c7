import { expect, it } from 'vitest'
import { resolveRoute } from '../../src/routing/resolve-route.ts'
import { combinationsOf, firstBreach, overrideIsNamed, readRows } from './truth-table.ts'

/** The product of kinds, destinations(), OutputIds, severity(), states of the destination, and registries. */
const COMBINATIONS = 11 * 13 * 5 * 7 * 8 * 4

const rows = readRows()

it('the truth table has exactly one row for every combination', () => {
  const rowOf = new Map<string, number>()
  for (const row of rows) {
    for (const combination of combinationsOf(row)) {
      const key = combination.join(' / ')
      const other = rowOf.get(key)
      if (other !== undefined) expect.fail(`${key} matches line ${other} and line ${row.line}`)
      rowOf.set(key, row.line)
    }
  }
  expect(rowOf.size).toBe(COMBINATIONS)
})

it('the resolver agrees with the truth table, with and without an override', () => {
  expect(firstBreach(resolveRoute, rows)).toBeNull()
})

it('the trace names the override exactly where OutputIds decided', () => {
  const breaches: string[] = []
  for (const row of rows) {
    const combination = row.asked.map((values) => values[0]!)
    const decided = row.expected.includes('O+')
    if (overrideIsNamed(resolveRoute, combination) !== decided) breaches.push(`line ${row.line}`)
  }
  expect(breaches).toEqual([])
})
