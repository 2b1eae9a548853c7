/** Only a changed body is analyzed again. A changed helper counts as a change of the facts that depend on it. */
import { describe, expect, it } from 'vitest'
import type { NamedBody } from '../../../src/engine/protocol/messages.ts'
import { AnalysisCache } from '../../../src/engine/snapshot/analysis-cache.ts'

const NONE = new Set<number>()
const base = {
  type: 'rule',
  logTypes: [],
  scheduledQueries: [],
  resourceTypes: [],
  suppressions: [],
} as const
const helper = (id: string, source: string): NamedBody => ({ kind: 'helper', id, path: `${id}.py`, source })
const detection = (id: string, source: string): NamedBody =>
  ({ ...base, kind: 'detection', id, path: `${id}.py`, source, filter: null, signalFields: [] }) as NamedBody

interface Asked {
  bodies: { number: number; id: string; source: string }[]
}

/** Analyzes texts that name the helpers that they follow, in place of Python. */
function analyze(
  cached: Uint8Array | null,
  bodies: readonly NamedBody[],
  excluded: ReadonlySet<number> = NONE,
) {
  const requested: string[] = []
  const summarized: string[] = []
  const result = new AnalysisCache(cached).analyze(bodies, excluded, {
    summarize: (text) => {
      summarized.push(text)
      return `of ${text}`
    },
    analyze: (text) => {
      const request = JSON.parse(text) as Asked
      requested.push(...request.bodies.map(({ id }) => id))
      const answers = request.bodies.map(({ id, source }) => ({
        facts: {
          functions: [{ name: id, line: 1 }],
          imports: [],
          followed: source.startsWith('follows ') ? [`${source.slice(8)}.py`] : [],
        },
        code: source === 'no Python' ? null : btoa(source),
        guard: JSON.stringify({
          changes: [],
          programs: [],
          followed: source.startsWith('guarded by ') ? [`${source.slice(11)}.py`] : [],
        }),
      }))
      return JSON.stringify(answers)
    },
  })
  return { ...result, cached: result.added > 0 ? result.serialize('some') : null, requested, summarized }
}

const BODIES = [
  helper('one', 'one'),
  helper('two', 'two'),
  detection('Follows', 'follows one'),
  detection('Alone', 'alone'),
]
const MODEL: NamedBody = {
  kind: 'data-model',
  id: 'Model',
  path: 'model.yml',
  source: null,
  logTypes: ['Guarded.Log'],
  mappings: [{ name: 'user', path: 'user' }],
}
const edited = (id: string, source: string) =>
  BODIES.map((body) => (body.id === id ? { ...body, source } : body))

it('every body is analyzed once, in the order of the bodies', () => {
  const first = analyze(null, BODIES)
  expect(first.requested).toEqual(['one', 'two', 'Follows', 'Alone'])
  expect(first.analyses.map(({ code }) => code && atob(code))).toEqual(['one', 'two', 'follows one', 'alone'])
  const again = analyze(first.cached, BODIES)
  expect(again).toMatchObject({ requested: [], cached: null })
  expect(again.analyses.map(({ facts, code, guard }) => ({ facts, code, guard }))).toEqual(first.analyses)
})

describe('analyses again', () => {
  it.each([
    ['a detection that was edited', edited('Alone', 'edited'), ['Alone']],
    ['a helper that was edited, and what followed it', edited('one', 'edited'), ['one', 'Follows']],
    ['a helper that nothing followed, alone', edited('two', 'edited'), ['two']],
    ['everything, once another name leads to a helper', [...BODIES, helper('three', 'three')], undefined],
  ])('%s', (_, bodies, expected) => {
    const { requested } = analyze(analyze(null, BODIES).cached, bodies)
    expect(requested).toEqual(expected ?? bodies.map(({ id }) => id))
  })

  it('a detection whose guard followed a helper that was edited', () => {
    const bodies = [...BODIES, detection('Guarded', 'guarded by two')]
    const changed = bodies.map((body) =>
      body.id === 'two' ? { ...body, source: 'edited' } : body,
    ) as NamedBody[]
    expect(analyze(analyze(null, bodies).cached, changed).requested).toEqual(['two', 'Guarded'])
  })

  it('the detections of a log type whose data model was edited', () => {
    const guarded = { ...detection('Guarded', 'guarded'), logTypes: ['Guarded.Log'] } as NamedBody
    const edit = { ...MODEL, mappings: [{ name: 'user', path: 'actor' }] } as NamedBody
    const { cached } = analyze(null, [MODEL, ...BODIES, guarded])
    expect(analyze(cached, [edit, ...BODIES, guarded]).requested).toEqual(['Guarded'])
    expect(analyze(cached, [...BODIES, guarded]).requested).toEqual(['Guarded'])
  })

  it('a body that could not be compiled is analyzed again', () => {
    const bodies = edited('Alone', 'no Python')
    expect(analyze(analyze(null, bodies).cached, bodies).requested).toEqual(['Alone'])
  })
})

it('only the guards of a changed body are summarized again, and the summaries of the others are kept', () => {
  const first = analyze(null, BODIES)
  const { analyses, summarized } = analyze(first.cached, edited('Alone', 'guarded by two'))
  expect(summarized).toEqual([analyses[3]!.guard!.text])
  expect(analyses[3]!.guard!.summary).toBe(`of ${summarized[0]}`)
  expect(analyses.slice(0, 3).map(({ guard }) => guard)).toEqual(
    first.analyses.slice(0, 3).map(({ guard }) => guard),
  )
})

it('a body that is left out is not analyzed', () => {
  const { requested, analyses } = analyze(null, BODIES, new Set([2]))
  expect(requested).toEqual(['one', 'two', 'Alone'])
  expect(analyses[2]).toEqual({ facts: null, code: null, guard: null })
})

it('the analyses of another project are kept', () => {
  const first = analyze(null, BODIES)
  const second = analyze(first.cached, [detection('Other', 'other')])
  expect(analyze(second.cached, BODIES).requested).toEqual([])
})

it('a part of a project keeps the analyses of all other bodies, a whole project those of 4,000', () => {
  const many = Array.from({ length: 4_010 }, (_, number) => detection(`Many.${number}`, String(number)))
  const { cached } = analyze(null, many)
  const part = new AnalysisCache(cached).analyze([many[0]!], NONE, {
    analyze: () => '[]',
    summarize: () => '',
  })
  expect(part.added).toBe(0)
  expect(analyze(part.serialize('all'), many).requested).toEqual([])
  expect(analyze(part.serialize('some'), many).requested).toHaveLength(10)
})
