/** `test --coverage`: the table, the lcov file, and what they can't go with. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { coverageText } from '../../../src/cli/test-run/coverage-view.ts'
import { plainStyle } from '../../../src/reporters/parts/terminal-text.ts'
import { signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const BRANCHING = `def rule(event):
    if event.get("action") == "login":
        return True
    elif event.get("action") == "sudo":
        level = "root"
        return level == event.get("level")
    return False

def title(event):
    return "seen"
`
const project = () => makeProject({ ...SOUND, 'detections/login.py': BRANCHING })

describe('test', () => {
  it('--coverage prints the lines that no case ran, and --coverage-lcov writes them', async () => {
    const root = project()
    const file = join(root, 'out/coverage.lcov')
    const { out } = await signalbox(['test', '--project', root, '--coverage', '--coverage-lcov', file])
    expect(out.slice(out.indexOf('\ndetection '))).toBe(`
detection      lines  run   not run
Test.Disabled  -      -     no case ran
Test.Login     7/9    77 %  5-6
lines of Python run: 7 of 9 (77 %)
`)
    const written = readFileSync(file, 'utf8')
    expect(written).toMatch(/^TN:\nSF:detections\/login\.py\nDA:1,1\n/)
    expect(written).toMatch(/DA:4,1\nDA:5,0\nDA:6,0\nDA:7,1\n.*LF:9\nLH:7\nend_of_record\n$/s)
  })

  it.each([
    [['--coverage', '--reporter', 'json'], 'which --reporter json needs'],
    [['--coverage', '--watch'], '--coverage and --watch cannot be combined'],
    [['--coverage-lcov', 'file', '--watch'], '--coverage and --watch cannot be combined'],
  ])('%j is refused', async (options, message) => {
    const { code, out, err } = await signalbox(['test', '--project', project(), ...options])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })
})

describe('the table', () => {
  const row = (executable: number[], run: number[]) => {
    const lines = { executable, run }
    const text = coverageText([{ detection: 'a', file: 'a.py', lines }], [], plainStyle)
    return text.split('\n')[1]!.split(/ {2,}/)
  }

  it.each([
    ['everything', [1, 2], [1, 2], ['a', '2/2', '100 %']],
    ['an empty body', [], [], ['a', '0/0', '100 %']],
    ['ranges bridge what can not run', [1, 2, 4, 5, 9, 12], [1, 9], ['a', '2/6', '33 %', '2-5, 12']],
  ])('%s', (_, executable, run, expected) => {
    expect(row(executable, run)).toEqual(expected)
  })

  it('the percentage is never rounded up to 100', () => {
    const lines = Array.from({ length: 1000 }, (_, at) => at + 1)
    expect(row(lines, lines.slice(1))[2]).toBe('99 %')
  })

  it('the table has a total even if there are no files', () => {
    expect(coverageText([], [], plainStyle)).toContain('lines of Python run: 0 of 0\n')
  })
})
