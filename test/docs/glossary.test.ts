/** The glossary defines each term of the code once, and the names of the model consist of its terms. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { REPOSITORY } from './markdown-pages.ts'

/** Terms that must be in the glossary. */
const TERMS =
  'event; envelope; frame; framing; source; source type; source spec; cursor; partition; batch; reject; unclassified; project; generation; detection; spec; body; helper; data model; analysis; facts; guard; prefilter; index condition; match; finding; candidate; signal; correlation; correlation pass; dedup group; dedup key; dedup window; alert; notification; route; route level; trace; destination; destination type; registry; catalog; accept; fallback; delivery; attempt; lease; claim; settled; delivered; waiting; dead; orphaned; paused; held; half-open; store; commit plan; engine; worker; pool; trust group; job; call; snapshot; progress marker; offender; integrity check; quarantine; problem; source location; module; layer; port; composition root'

const page = readFileSync(join(REPOSITORY, 'docs/glossary.md'), 'utf8')
const rows = [...page.matchAll(/^\| (\*\*.*?\*\*.*?) \|/gm)].map(([, terms]) => terms!)
const defined = rows.flatMap((row) => [...row.matchAll(/\*\*(.+?)\*\*/g)].map(([, term]) => term!))

it('defines every term', () => {
  const missing = TERMS.split('; ').filter((term) => !defined.includes(term))
  expect(missing).toEqual([])
})

it('defines no term twice', () => {
  expect(defined.filter((term, at) => defined.indexOf(term) < at)).toEqual([])
})
