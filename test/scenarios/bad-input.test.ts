/**
 * A repository with one file of every fault: each fault is a problem with its source location, and valid files still
 * run.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-faults-'))
/** The helper that never ends has its own project, so that the small time limit applies to no valid file. */
const endless = mkdtempSync(join(tmpdir(), 'signalbox-endless-'))
afterAll(() => {
  for (const folder of [root, endless]) rmSync(folder, { recursive: true })
})

function write(path: string, content: string | Uint8Array, project = root): void {
  mkdirSync(dirname(join(project, path)), { recursive: true })
  writeFileSync(join(project, path), content)
}

const spec = (id: string, more = '') =>
  `AnalysisType: rule\nRuleID: ${id}\nFilename: ${id}.py\nEnabled: true\nSeverity: High\nLogTypes: [A.B]\n${more}`

function rule(id: string, body: string | Uint8Array, more = '', project = root): void {
  write(`rules/${id}.yml`, spec(id, more), project)
  write(`rules/${id}.py`, body, project)
}

function helper(id: string, body: string, project = root): void {
  write(`global_helpers/${id}.yml`, `AnalysisType: global\nGlobalID: ${id}\nFilename: ${id}.py\n`, project)
  write(`global_helpers/${id}.py`, body, project)
}

const FINE = 'def rule(event): return True\n'
const TEST = 'Tests: [{ Name: matches, ExpectedResult: true, Log: {} }]\n'
const MEBIBYTE = 1024 * 1024

/** Nine aliases of nine aliases, a dozen times over. */
const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...Array.from(
    'bcdefghijkl',
    (name, at) => `${name}: &${name} [${Array<string>(9).fill(`*${'abcdefghijk'[at]}`).join(', ')}]`,
  ),
].join('\n')

beforeAll(() => {
  write('signalbox.yaml', 'workers: 1\nlimits: { timeMs: 60000 }\n')
  write('signalbox.yaml', 'workers: 1\nlimits: { timeMs: 100 }\n', endless)
  rule('Sound', FINE, TEST)
  rule('Bomb', FINE, BOMB)
  rule('Deep.Yaml', FINE, `Detection: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`)
  rule('Large.Yaml', FINE, `Description: ${'x'.repeat(50 * MEBIBYTE)}\n`)
  rule('Large.Body', `x = "${'x'.repeat(50 * MEBIBYTE)}"\n`)
  rule('Open.List', FINE, 'Tags: [a, b\n')
  rule('Bytes.Body', Buffer.from('def rule(event):\n    return "\xff"\n', 'latin1'))
  write('rules/Bytes.Yaml.yml', Buffer.from(spec('Bytes.Yaml', 'Description: \xff\n'), 'latin1'))
  rule('Syntax', 'x = 1\ndef rule(event:\n')
  rule('Deep.Body', `x = ${'-'.repeat(200_000)}1\n`)
  rule('Nul', 'def rule(event):\n    return "\0"\n')
  rule('Recurses', 'def f(): return f()\nf()\n')
  rule('Exits', 'import os\nos._exit(0)\n')
  helper('loops', 'x = 1\nwhile True: pass\n', endless)
  rule('Uses.Loop', `import loops\n${FINE}`, '', endless)
  helper('first', 'import second\n')
  helper('second', 'from third import C\n')
  helper('third', 'from first import A\n')
  rule('Uses.Circle', `import first\n${FINE}`)
  helper('left', 'import right\ndef yes(): return right.YES\n')
  helper('right', 'import left\nYES = True\n')
  rule('Harmless.Circle', 'import left\ndef rule(event): return left.yes()\n', TEST)
  rule('Linked.Body', FINE)
  rmSync(join(root, 'rules/Linked.Body.py'))
  symlinkSync('Linked.Body.py', join(root, 'rules/Linked.Body.py'))
  symlinkSync('..', join(root, 'rules/up'))
  symlinkSync('two.yml', join(root, 'rules/one.yml'))
  symlinkSync('one.yml', join(root, 'rules/two.yml'))
})

interface PrintedProblem {
  readonly severity: string
  readonly code: string
  readonly file: string
  readonly line: number
  readonly message: string
  readonly hint: string | null
}

describe('bad input', () => {
  let code = 0
  let problems: readonly PrintedProblem[] = []
  let detections: readonly { readonly id: string; readonly status: string }[] = []
  beforeAll(async () => {
    const ran = await signalbox(['test', '--project', root, '--format', 'json'])
    code = ran.code
    ;({ problems, detections } = JSON.parse(ran.out))
    const limited = await signalbox(['test', '--project', endless, '--format', 'json'])
    problems = [...problems, ...JSON.parse(limited.out).problems]
  })

  const problemTexts = (file: string) =>
    problems
      .filter((problem) => problem.file === file)
      .map(({ line, code, message }) => `${line} ${code} ${message}`)

  it.each([
    ['a YAML bomb', 'rules/Bomb.yml', /^\d+ alias-expansion /],
    ['nesting without end', 'rules/Deep.Yaml.yml', /^7 too-deep /],
    ['a spec of 50 MiB', 'rules/Large.Yaml.yml', /^0 file-too-large .*larger than 8 MiB/],
    ['a body of 50 MiB', 'rules/Large.Body.yml', /^3 file-too-large .*larger than 8 MiB/],
    ['YAML that does not parse', 'rules/Open.List.yml', /^\d+ yaml-syntax /],
    ['a spec that is not UTF-8', 'rules/Bytes.Yaml.yml', /^0 not-utf8 .*see line 7/],
    ['a body that is not UTF-8', 'rules/Bytes.Body.yml', /^3 not-utf8 .*see line 2/],
    ['Python that does not parse', 'rules/Syntax.py', /^2 python-error SyntaxError: /],
    ['Python nested without end', 'rules/Deep.Body.py', /^1 python-error MemoryError: /],
    ['a null byte', 'rules/Nul.py', /^1 python-error SyntaxError: .*null bytes/],
    ['recursion without end', 'rules/Recurses.py', /^1 python-error RecursionError: /],
    ['a body that ends the interpreter', 'rules/Exits.py', /^1 python-error InterpreterEnded: /],
    [
      'a helper that loops at import',
      'global_helpers/loops.py',
      /^2 python-error TimeLimitExceeded: .* 1000 ms/,
    ],
    ['who imports it', 'rules/Uses.Loop.py', /^1 python-error ImportError: helper loops .*took longer/],
    ['a circle of imports', 'global_helpers/third.py', /^1 python-error ImportError: .*circular import/],
    ['who imports one of it', 'rules/Uses.Circle.py', /^1 python-error ImportError: helper first could not/],
    ['a body that is a link to itself', 'rules/Linked.Body.yml', /^3 broken-link /],
    ['a link to a folder around it', 'rules/up', /^0 linked-folder /],
    ['a loop of links', 'rules/one.yml', /^0 broken-link /],
  ])('%s is reported with its source location', (_, file, expected) => {
    expect(problemTexts(file)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]))
  })

  it('a circle of imports has one problem for each helper in it', () => {
    const files = ['first', 'second', 'third'].map((name) => `global_helpers/${name}.py`)
    expect(files.map((file) => problemTexts(file).length)).toEqual([1, 1, 1])
  })

  it('the message of a circular import names its modules in order', () => {
    const hint = problems.find(({ file }) => file === 'global_helpers/third.py')?.hint
    expect(hint).toBe(
      'first imports second imports third imports first: move what both need into a helper of its own',
    )
  })

  it('invalid files fail the test run, and all valid ones are tested', () => {
    expect(code).toBe(1)
    const passed = detections.filter(({ status }) => status === 'passed').map(({ id }) => id)
    expect(passed.sort()).toEqual(['Harmless.Circle', 'Sound'])
  })
})
