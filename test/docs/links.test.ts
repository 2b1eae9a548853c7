/** Links, anchors and paths in the pages lead to something, and the map names every page. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { linkProblem, linksOf, type MarkdownPage, markdownPages, REPOSITORY } from './markdown-pages.ts'

const pages = markdownPages()

describe('links between pages', () => {
  it('lead to a file that exists, and to a heading of it', () => {
    const links = pages.flatMap((page) => linksOf(page).map((target) => ({ page, target })))
    expect(links.length).toBeGreaterThan(100)
    expect(links.flatMap(({ page, target }) => linkProblem(page, target) ?? [])).toEqual([])
  })

  it.each([
    ['missing.md', 'the file does not exist'],
    ['#missing', 'no heading has this anchor'],
    ['../../outside.md', 'the file does not exist'],
  ])('are refused where they lead nowhere: %s', (target, problem) => {
    const page: MarkdownPage = { path: 'docs/cli.md', text: '', prose: '', anchors: new Set(['here']) }
    expect(linkProblem(page, target)).toContain(problem)
    expect(linkProblem(page, '#here')).toBeNull()
  })
})

describe('paths in the prose', () => {
  it('of sources, tests and scripts exist', () => {
    const named = pages
      .filter(({ path }) => path !== 'CHANGELOG.md')
      .flatMap(({ path, prose }) =>
        [...prose.matchAll(/`((?:src|test|docs|bin|bench|scripts)\/[\w./-]*)`/g)].map(
          ([, target]) => [path, target!] as const,
        ),
      )
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter(([, target]) => !existsSync(join(REPOSITORY, target)))).toEqual([])
  })
})
