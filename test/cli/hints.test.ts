/** Hints suggest what is known, and every command that a hint names exists and does what the hint says. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { isGroup } from '../../src/cli/command/command.ts'
import { optionsOf } from '../../src/cli/command/parse.ts'
import { COMMANDS } from '../../src/cli/command-map.ts'
import { packageIndex } from '../packages/_index.ts'
import { wheel } from '../packages/_wheels.ts'
import { signalbox } from './fake-io.ts'
import { makeProject, partOf, SOUND, withBodies } from './project-on-disk.ts'

const SOURCES = join(import.meta.dirname, '../../src')
/** A completion script contains words of its shell. */
const SOURCE_FILES = globSync('**/*.ts', { cwd: SOURCES }).filter(
  (file) => !file.endsWith('format/completion-script.ts'),
)

/** `signalbox WORD [WORD]` in the string literals of a source file. */
function commandsIn(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return [...code.matchAll(/\bsignalbox ([a-z]+)(?: ([a-z]+))?(?=[\s`'"$])/g)].map(([, word, sub]) =>
    sub === undefined ? word! : `${word} ${sub}`,
  )
}

async function exists(command: string): Promise<boolean> {
  const [name = '', sub = ''] = command.split(' ')
  if (!Object.hasOwn(COMMANDS, name)) return false
  const found = (await COMMANDS[name]!.load()).default
  return (
    !isGroup(found) || sub === '' || found.defaultCommand !== undefined || Object.hasOwn(found.commands, sub)
  )
}

describe('the commands that messages name', () => {
  const named = SOURCE_FILES.flatMap((file) =>
    commandsIn(readFileSync(join(SOURCES, file), 'utf8')).map((command) => ({ file, command })),
  )

  it('messages name commands', () => {
    expect(named.length).toBeGreaterThan(20)
  })

  it.each(named)('$file: signalbox $command exists', async ({ command }) => {
    expect(await exists(command)).toBe(true)
  })

  it('the options that messages name exist', async () => {
    // One hint names an option of git.
    const known = new Set(['--help', '--version', '--env-file', '--unshallow'])
    for (const { load } of Object.values(COMMANDS)) {
      const found = (await load()).default
      const commands = isGroup(found)
        ? [
            ...(found.defaultCommand ? [found.defaultCommand] : []),
            ...Object.values(found.commands).map(({ command }) => command),
          ]
        : [found]
      for (const command of commands)
        for (const { option } of Object.values(optionsOf(command))) known.add(option.long!)
    }
    const hints = SOURCE_FILES.flatMap((file) => [
      ...readFileSync(join(SOURCES, file), 'utf8').matchAll(/hint: [^\n]*?['`][^\n]*?(--[a-z][a-z-]+)/g),
    ])
    expect(hints.length).toBeGreaterThan(5)
    expect(hints.map(([, option]) => option).filter((option) => !known.has(option!))).toEqual([])
  })
})

const bodyWithImport = (statement: string) =>
  `${statement}\ndef rule(event):\n    return event.get("action") == "login"\ndef title(event):\n    return "ann logged in"\n`

function withImport(statement: string, more: Readonly<Record<string, string>> = {}) {
  return makeProject({ ...SOUND, 'detections/login.py': bodyWithImport(statement), ...more })
}

async function hintOf(statement: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { out } = await signalbox(['validate', '--project', withImport(statement, more)])
  return /\[python-error\][\s\S]*?hint: (.*)/.exec(out)?.[1] ?? `no hint in ${out}`
}

const HELPER = {
  'global_helpers/okta_helpers.yml':
    'AnalysisType: global\nGlobalID: okta_helpers\nFilename: okta_helpers.py\n',
  'global_helpers/okta_helpers.py': 'x = 1\n',
}
const HELPER_WITH_ERROR = {
  ...HELPER,
  'global_helpers/okta_helpers.yml': `${HELPER['global_helpers/okta_helpers.yml']}Tag: [a]\n`,
}

describe('the hint for a module that is missing', () => {
  describe.each<[string, Record<string, string>, [string, string, string, string][]]>([
    [
      'beside a helper',
      HELPER,
      [
        [
          'a name close to a helper',
          'close',
          'from okta_helper import x',
          'did you mean the helper "okta_helpers"?',
        ],
        [
          'any other name',
          'other',
          'import pandas',
          'if this is a package on PyPI: signalbox python add pandas (pure Python only)',
        ],
      ],
    ],
    [
      'beside a helper with an error in its spec',
      HELPER_WITH_ERROR,
      [
        [
          'the helper',
          'helper',
          'import okta_helpers',
          'the helper okta_helpers is not loaded: correct the errors in global_helpers/okta_helpers.yml',
        ],
        ['a name close to it', 'close', 'import okta_helper', 'did you mean the helper "okta_helpers"?'],
      ],
    ],
    [
      'beside a helper without a spec',
      { 'global_helpers/okta_helpers.py': 'x = 1\n' },
      [
        [
          'the helper',
          'helper',
          'import okta_helpers',
          'global_helpers/okta_helpers.py is no helper yet: it requires a spec with AnalysisType: global',
        ],
      ],
    ],
    [
      'without a helper',
      {},
      [
        [
          'a module of the standard library',
          'library',
          'import curses',
          'curses belongs to the standard library and is not available here',
        ],
        [
          'an internal module',
          'internal',
          'import _multiprocessing',
          '_multiprocessing belongs to the standard library and is not available here',
        ],
      ],
    ],
  ])('%s', (_, more, cases) => {
    let problems: { code: string; file: string; hint: string }[]
    beforeAll(async () => {
      const bodies = cases.map(([, name, statement]) => [name, bodyWithImport(statement)] as const)
      const root = withBodies(bodies, more)
      const { out } = await signalbox(['validate', '--format', 'json', '--project', root])
      problems = (JSON.parse(out) as { problems: typeof problems }).problems
    })

    it.each(cases)('%s', (_what, name, _statement, hint) => {
      const found = problems.filter(
        ({ code, file }) => code === 'python-error' && file === `detections/${name}.py`,
      )
      expect(found.map((each) => each.hint)).toEqual([hint])
    })
  })

  it('the command in the hint installs the package, and the detection loads', async () => {
    const root = withImport('import greet')
    const { url } = await packageIndex({
      'greet-1.0-py3-none-any.whl': { bytes: wheel('greet', '1.0', { files: { 'greet.py': '' } }) },
    })
    const command = /signalbox (python add greet)/.exec(await hintOf('import greet'))![1]!.split(' ')
    expect((await signalbox([...command, '--project', root, '--index-url', url])).code).toBe(0)
    expect((await signalbox(['validate', '--project', root])).code).toBe(0)
  })
})

describe('time zones', () => {
  const ZONE = 'from zoneinfo import ZoneInfo'

  it('time zones except UTC are missing, and the command in the note installs them', async () => {
    const root = withImport(ZONE)
    const { code, out } = await signalbox(['validate', '--project', root])
    expect(code).toBe(0)
    expect(out).toContain('detections/login.py:1:1 info zoneinfo supports only UTC')
    expect(out).toContain('hint: run signalbox python add tzdata to install the other time zones')
    const files = { 'tzdata/__init__.py': '', 'tzdata/zoneinfo/__init__.py': '' }
    const { url } = await packageIndex({
      'tzdata-1.0-py3-none-any.whl': { bytes: wheel('tzdata', '1.0', { files }) },
    })
    const added = await signalbox(['python', 'add', 'tzdata', '--project', root, '--index-url', url])
    expect(added.code).toBe(0)
    expect((await signalbox(['validate', '--project', root])).out).not.toContain('zoneinfo')
  })
})

describe('no message names Pyodide or its loader', () => {
  const STATEMENTS: [string, string, string][] = [
    [
      'zone',
      'from zoneinfo import ZoneInfo; ZoneInfo("Europe/Paris")',
      'no time zone database is installed (signalbox python add tzdata installs it)',
    ],
    ['process', 'import subprocess; subprocess.run(["ls"])', 'processes cannot be started here'],
    ['tls', 'import ssl; ssl.create_default_context().wrap_socket(None)', ''],
  ]
  let out: string
  beforeAll(async () => {
    const bodies = STATEMENTS.map(
      ([name, statement]) => [name, `def rule(event):\n    ${statement}\n`] as const,
    )
    out = (await signalbox(['test', '--project', withBodies(bodies)])).out
  })

  it.each(STATEMENTS)('%s', (name, _statement, expected) => {
    const raised = partOf(out, name)
      .split('\n')
      .filter((line) => line.includes('raised'))
    expect(raised.length).toBeGreaterThan(0)
    expect(raised.join('\n')).toContain(expected)
    expect(raised.join('\n')).not.toMatch(/pyodide|emscripten|loadPackage|micropip/i)
  })
})
