/**
 * The clauses of two pages and the tests that hold them. Each clause has an id, and the title of a test begins with the
 * ids of the clauses that it holds: `[DEL-1.3] …`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
/** A file without a folder lies in the folder of its page. */
const PAGES = [
  { prefix: 'DEL', page: 'docs/internals/delivery-clauses.md', folder: 'test/delivery' },
  { prefix: 'SEC', page: 'docs/security.md', folder: 'test/security' },
] as const

interface Clause {
  readonly id: string
  readonly text: string
  readonly files: readonly string[]
}

function clausesOf({ page, folder }: (typeof PAGES)[number]): Clause[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^\| ([A-Z]+-[\d.]+) \| (.*) \| (.*) \|$/gm)].map(([, id, clause, tests]) => ({
    id: id!,
    text: clause!,
    files: [...tests!.matchAll(/`([^`]+)`/g)].map(([, file]) =>
      file!.includes('/') ? file! : `${folder}/${file}`,
    ),
  }))
}

const TITLE = /['"`]((?:\[[A-Z]+-[\d.]+\] )+)/g
/** The files whose titles name an id. */
const holders = new Map<string, Set<string>>()
for (const name of readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.ts') || name === 'clauses.test.ts') continue
  const text = readFileSync(join(root, 'test', name), 'utf8')
  for (const [, ids] of text.matchAll(TITLE)) {
    for (const [, id] of ids!.matchAll(/\[([^\]]+)\]/g)) {
      holders.set(id!, (holders.get(id!) ?? new Set()).add(`test/${name}`))
    }
  }
}

it.each(PAGES)(
  'every clause of $page has an id, and every file that it names has a test with the id',
  (each) => {
    const clauses = clausesOf(each)
    expect(clauses.length).toBeGreaterThan(30)
    expect(new Set(clauses.map(({ id }) => id)).size).toBe(clauses.length)
    expect(clauses.filter(({ id }) => !id.startsWith(`${each.prefix}-`))).toEqual([])
    const without = clauses.flatMap(({ id, files }) =>
      files.length === 0
        ? [`${id}: no file`]
        : files.filter((file) => !holders.get(id)?.has(file)).map((file) => `${id}: ${file}`),
    )
    expect(without).toEqual([])
    const missing = clauses.flatMap(({ files }) => files).filter((file) => !existsSync(join(root, file)))
    expect(missing).toEqual([])
  },
)

it('every id in the title of a test is that of a clause which names the file of the test', () => {
  const files = new Map(PAGES.flatMap(clausesOf).map((clause) => [clause.id, clause.files]))
  const unnamed = [...holders].flatMap(([id, named]) =>
    [...named].filter((file) => !files.get(id)?.includes(file)).map((file) => `${id}: ${file}`),
  )
  expect(unnamed).toEqual([])
})

it.each(PAGES)('every row of $page that says MUST or SHOULD is a clause with an id', (each) => {
  const rows = readFileSync(join(root, each.page), 'utf8').match(/^\|.*\b(?:MUST|SHOULD)\b.*\|$/gm) ?? []
  const ids = new Set(clausesOf(each).map(({ id }) => id))
  expect(rows.filter((row) => !ids.has(row.split('|')[1]!.trim()))).toEqual([])
})
