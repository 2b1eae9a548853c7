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
  [/https:\/\/[^\s)`'"]+/g, 'the address of a page of another project'],
  [/reaches-nobody/g, 'a lint code that users write in their files'],
  [
    /\broomId\b|['`]room['`]|v1\/rooms|a room with provided ID|invalid-room|room_is_blocked/g,
    'a name or an error in the API of Webex or Rocket.Chat',
  ],
  [/\/stories\b/g, 'the comments of a task in the API of Asana'],
  [/jira\/service-desk/g, 'a part of an address of Atlassian'],
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

it('names, comments, messages and pages contain no retired word', () => {
  const files = [...FOLDERS.flatMap(filesOf), ...PAGES]
  expect(files.length).toBeGreaterThan(700)
  expect(files.flatMap(retiredIn)).toEqual([])
})

/** The text of each comment with its line. Consecutive line comments are one text. */
function commentsOf(path: string): { readonly at: string; readonly text: string }[] {
  const source = readFileSync(join(root, path), 'utf8')
  const comments = /\/\*\*?([\s\S]*?)\*\/|((?:^[ \t]*\/\/[^\n]*\n)+)/gm
  return [...source.matchAll(comments)].map(({ 1: block, 2: lines, index }) => ({
    at: `${path}:${source.slice(0, index).split('\n').length}`,
    text: (block ?? lines ?? '')
      .replace(/^\s*(?:\*|\/\/) ?/gm, '')
      .split(/\s+/)
      .join(' ')
      .trim(),
  }))
}

const COMMENTS = filesOf('src')
  .filter((path) => path.endsWith('.ts'))
  .flatMap(commentsOf)

const PREPOSITION =
  /^(?:Of|As|For|With|Without|Also|Its|Where|Only|Once|Until|In|At|By|Per|From|To|On|Into|Like|Against|Between|Through)\b/
/** The verbs of sentences that may begin so. Add the verb of a sentence that has one. */
const VERBS =
  /\b(?:is|are|was|were|has|have|had|may|must|can|cannot|would|will|does|reads?|compiles?|loads?|separates|takes?|bring|ends?|asks|gets|waits|transferred|joins|keeps?|evaluates?|reaches|sees|counts?|holds?|crosses|writes?|prints|shows|runs|starts|survives|continues|decides?|reports|calls?|removes?|gives?|stays?|lists|accepts|repeats|raises|tests|come|comes|moves|distinguishes)\b/

it('no sentence of a comment is a fragment that begins with a preposition', () => {
  const fragments = COMMENTS.flatMap(({ at, text }) =>
    text
      .split(/(?<=[.;:])\s+(?=[A-Z])/)
      .filter((sentence) => PREPOSITION.test(sentence) && !VERBS.test(sentence))
      .map((sentence) => `${at}: ${sentence}`),
  )
  expect(COMMENTS.length).toBeGreaterThan(1_000)
  expect(fragments).toEqual([])
})

/** Names in comments that no source has, each with its reason. */
const FOREIGN_NAMES = new Map([
  ['Parent.key', 'a placeholder'],
  ['max_content_length', 'a setting of Splunk'],
  ['iovec', 'a structure of WASI'],
  ['listiterobject', 'a structure of CPython'],
  ['it_index', 'a field of a structure of CPython'],
  ['python_dateutil', 'an example of a package'],
  ['py37', 'an example of a tag of wheels'],
])

it('a name in backticks in a comment exists', () => {
  const known = new Set(
    FOLDERS.flatMap(filesOf).flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      const code = /\.(?:ts|cjs)$/.test(path) ? text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') : text
      return path === THIS ? [] : (code.match(/[A-Za-z_$][\w$]*/g) ?? [])
    }),
  )
  const names = COMMENTS.flatMap(({ at, text }) =>
    [...text.matchAll(/`([A-Za-z_$][\w$.#]*)(?:\(\))?`/g)].map(([, name]) => ({ at, name: name! })),
  )
  const isKnown = (name: string) => (name.match(/[A-Za-z_$][\w$]*/g) ?? []).every((part) => known.has(part))
  const unknown = names.filter(({ name }) => !isKnown(name))
  expect(names.length).toBeGreaterThan(100)
  expect(
    unknown.filter(({ name }) => !FOREIGN_NAMES.has(name)).map(({ at, name }) => `${at}: ${name}`),
  ).toEqual([])
  const unused = [...FOREIGN_NAMES.keys()].filter((name) => !unknown.some((each) => each.name === name))
  expect(unused).toEqual([])
})
