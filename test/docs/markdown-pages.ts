/** The Markdown pages of the repository, with their headings, links and code blocks. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const REPOSITORY = join(import.meta.dirname, '..', '..')

export interface MarkdownPage {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  /** The text without code blocks, line by line. */
  readonly prose: string
  readonly anchors: ReadonlySet<string>
}

/** README, the other pages of the root, all of `docs/`, and Markdown beside tests. */
export function markdownPages(): MarkdownPage[] {
  const root = readdirSync(REPOSITORY).filter((name) => name.endsWith('.md'))
  const below = ['docs', 'test'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  )
  return [...root, ...below].sort().map(readPage)
}

export function readPage(path: string): MarkdownPage {
  const text = readFileSync(join(REPOSITORY, path), 'utf8')
  const prose = withoutCode(text)
  return { path, text, prose, anchors: anchorsOf(prose) }
}

function withoutCode(text: string): string {
  return text.replace(/^(```+)[\s\S]*?^\1$/gm, '').replace(/<!--[\s\S]*?-->/g, '')
}

/** The anchors that GitHub gives to the headings, and those that the page sets itself. */
function anchorsOf(prose: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, title = ''] of prose.matchAll(/^#{1,6} +(.*)$/gm)) {
    const slug = slugOf(title)
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  for (const [, id = ''] of prose.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

export function slugOf(title: string): string {
  const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim()
  return plain
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}

/** Targets of links and images, without those that lead to another site. */
export function linksOf({ prose }: MarkdownPage): string[] {
  const bare = prose.replace(/`[^`\n]*`/g, '')
  return [...bare.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
}

/** What is wrong with a link, or null. */
export function linkProblem(page: MarkdownPage, target: string): string | null {
  const [file = '', anchor] = target.split('#', 2)
  const path = file === '' ? page.path : relative(REPOSITORY, join(REPOSITORY, dirname(page.path), file))
  if (path.startsWith('..') || !existsSync(join(REPOSITORY, path))) {
    return `${page.path}: ${target}: the file does not exist`
  }
  if (anchor === undefined) return null
  if (statSync(join(REPOSITORY, path)).isDirectory() || !path.endsWith('.md')) {
    return `${page.path}: ${target}: only a page has anchors`
  }
  const { anchors } = path === page.path ? page : readPage(path)
  return anchors.has(anchor) ? null : `${page.path}: ${target}: no heading has this anchor`
}
