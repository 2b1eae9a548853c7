/** The promise of docs/internals/delivery-clauses.md and the tests that hold it must name each other. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/internals/delivery-clauses.md'), 'utf8')
const clauses = [...page.matchAll(/^\| (.*(?:MUST|SHOULD).*) \| (.*) \|$/gm)].map(([, clause, tests]) => ({
  clause: clause!,
  tests: tests!,
}))

function fileOf(name: string): string {
  return name.includes('/') ? join(root, name) : join(import.meta.dirname, name)
}

describe('docs/internals/delivery-clauses.md', () => {
  it('has clauses', () => expect(clauses.length).toBeGreaterThan(20))

  it.each(clauses)('$clause', ({ tests }) => {
    const references = [...tests.matchAll(/`([^`]+\.ts)`(?:: ([^`]*))?/g)]
    expect(references.length).toBeGreaterThan(0)
    for (const [, file, titles = ''] of references) {
      expect(existsSync(fileOf(file!)), file).toBe(true)
      const text = readFileSync(fileOf(file!), 'utf8')
      for (const title of titles.split(/[;,]\s*$|; /).filter(Boolean)) expect(text).toContain(title)
    }
  })

  it('names every test that says MUST or SHOULD', () => {
    const titles = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).flatMap((name) =>
      !name.endsWith('.ts')
        ? []
        : [
            ...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(
              /'(?:%i )?(?:MUST|SHOULD)(?: NOT)? ([^']+)'/g,
            ),
          ].map(([, title]) => title!),
    )
    const unnamed = titles.filter(
      (title) =>
        !clauses.some(({ tests }) => tests.split(/: |; /).some((part) => part && title.startsWith(part))),
    )
    expect(titles.length).toBeGreaterThan(20)
    expect(unnamed).toEqual([])
  })
})
