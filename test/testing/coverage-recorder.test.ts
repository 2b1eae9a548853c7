import { expect, it } from 'vitest'
import { Coverage } from '../../src/testing/coverage-recorder.ts'

const body = (path: string) => ({ path, source: '' })
const outcome = (executable: number[], run: number[]) => ({ lines: { executable, run } })

it('coverage joins the cases of a detection', () => {
  const coverage = new Coverage()
  coverage.add({ id: 'a', body: body('a.py') }, [outcome([1, 2, 10], [10]), {}, outcome([1, 2, 10], [2])])
  expect(coverage.detections()).toEqual([
    { detection: 'a', file: 'a.py', lines: { executable: [1, 2, 10], run: [2, 10] } },
  ])
})

it('coverage joins detections that share a file, and keeps each by itself', () => {
  const coverage = new Coverage()
  coverage.add({ id: 'derived', body: body('a.py') }, [outcome([1, 2], [2])])
  coverage.add({ id: 'base', body: body('a.py') }, [outcome([1, 2], [1])])
  coverage.add({ id: 'other', body: body('A.py') }, [outcome([1], [])])
  expect(coverage.detections().map(({ detection, lines }) => [detection, lines!.run])).toEqual([
    ['base', [1]],
    ['derived', [2]],
    ['other', []],
  ])
  expect(coverage.files()).toEqual([
    { file: 'A.py', executable: [1], run: [] },
    { file: 'a.py', executable: [1, 2], run: [1, 2] },
  ])
})

it('coverage keeps a detection without recorded lines, but not its file', () => {
  const coverage = new Coverage()
  coverage.add({ id: 'untested', body: body('a.py') }, [])
  coverage.add({ id: 'ended', body: body('b.py') }, [{}])
  expect(coverage.detections().map(({ lines }) => lines)).toEqual([null, null])
  expect(coverage.files()).toEqual([])
})

it('coverage omits detections without Python', () => {
  const coverage = new Coverage()
  coverage.add({ id: 'simple', body: null }, [{}])
  expect(coverage.detections()).toEqual([])
})

it('coverage ignores lines that cannot run', () => {
  const coverage = new Coverage()
  coverage.add({ id: 'a', body: body('a.py') }, [outcome([1], [1, 7])])
  expect(coverage.files()).toEqual([{ file: 'a.py', executable: [1], run: [1] }])
})
