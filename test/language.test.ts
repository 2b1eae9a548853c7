/**
 * The words of the code and of its docs: plain terms, one meaning each (docs/glossary.md). Words that once stood for
 * something else than a reader expects stay out of names, comments, messages and pages.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

const RETIRED = new Set(
  'told tell tells teller witness story stories ground room rooms house floor door desk seam culprit guilty singly leaning taker takers whoever nobody somebody anew mend mends mended'.split(
    ' ',
  ),
)
/** Constants are MAX_x and MIN_x. */
const RETIRED_FORMS = /\b(?:MOST|LONGEST|SHORTEST)_[A-Z]|handOver|hand-over/g

/** What keeps a retired word, each with its reason. The text is taken out before the words are looked at. */
const KEPT: readonly (readonly [text: RegExp, reason: string])[] = [
  [/Math\.floor|\bfloor\(|FloorDiv/g, 'a function of the language'],
  [
    /(['"`])(?:reaches-)?nobody\1|`nobody`|\bnobody:|\|\s*`?nobody/g,
    'a code that alerts store and metrics carry',
  ],
  [/reaches-nobody/g, 'a lint code that users write in their files'],
]

const FOLDERS = ['src', 'test', 'docs', 'bin', 'scripts', 'bench']
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md']
const TEXTS = new Set(['.ts', '.cjs', '.py', '.sql', '.md', '.html', '.css', '.sh'])
/** This file names the words. */
const THIS = relative(root, import.meta.filename)

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => TEXTS.has(extname(name)) && !/node_modules|__pycache__|results\//.test(name))
    .map((name) => `${folder}/${name}`)
    .filter((path) => path !== THIS)
}

/** `file:line: word` for each retired word, parts of names such as `routeStory` included. */
function retiredIn(path: string): string[] {
  const lines = readFileSync(join(root, path), 'utf8').split('\n')
  return lines.flatMap((line, at) => {
    const text = KEPT.reduce((rest, [kept]) => rest.replace(kept, ''), line)
    const words = text.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []
    const found = [
      ...words.filter((word) => RETIRED.has(word.toLowerCase())),
      ...(text.match(RETIRED_FORMS) ?? []),
    ]
    return found.map((word) => `${path}:${at + 1}: ${word}`)
  })
}

it('uses no retired word in names, comments, messages and pages', () => {
  const files = [...FOLDERS.flatMap(filesOf), ...PAGES]
  expect(files.length).toBeGreaterThan(700)
  expect(files.flatMap(retiredIn)).toEqual([])
})
