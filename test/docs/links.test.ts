/** Links, anchors and paths in the pages lead to something, and the map names every page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  linkProblem,
  linksOf,
  type MarkdownPage,
  markdownPages,
  REPOSITORY,
  readPage,
} from './markdown-pages.ts'

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
  it('paths of sources, tests and scripts in the prose exist', () => {
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

describe('the map of the documentation', () => {
  it('names every page, the decisions apart', () => {
    const map = readPage('docs/README.md')
    const named = new Set(linksOf(map).map((target) => join('docs', target.split('#', 1)[0]!)))
    const unnamed = pages.filter(
      ({ path }) =>
        path.startsWith('docs/') &&
        !path.startsWith('docs/decisions/') &&
        path !== map.path &&
        !named.has(path),
    )
    expect(unnamed.map(({ path }) => path)).toEqual([])
  })
})

describe('the page of environment variables', () => {
  it('names every variable of Signalbox that the sources read, and those of the cache folder', () => {
    const { text } = readPage('docs/reference/environment.md')
    const files = readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' })
    const sources = files
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(REPOSITORY, 'src', name), 'utf8'))
    const read = sources.flatMap((source) => [
      ...source.matchAll(/SIGNALBOX_[A-Z]+(?:_[A-Z]+)*|text\('([A-Z_]+)'\)/g),
    ])
    const ofCaches = readFileSync(join(REPOSITORY, 'bin', 'cache-folder.cjs'), 'utf8').match(
      /\b[A-Z_]{8,}\b/g,
    )!
    const names = read.map(([whole, short]) => (short === undefined ? whole : `SIGNALBOX_${short}`))
    expect([names.length, ofCaches.length].map((each) => each > 2)).toEqual([true, true])
    expect([...new Set([...names, ...ofCaches])].filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })
})
