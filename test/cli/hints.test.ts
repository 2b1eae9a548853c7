/** Hints suggest what is known, and every command that a hint names exists and does what the hint says. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isGroup } from '../../src/cli/_command.ts'
import { COMMANDS } from '../../src/cli/_commands.ts'
import { optionsOf } from '../../src/cli/_parse.ts'
import { packageIndex } from '../packages/_index.ts'
import { wheel } from '../packages/_wheels.ts'
import { signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const SOURCES = join(import.meta.dirname, '../../src')
/** A completion script holds words of its shell. */
const SOURCE_FILES = globSync('**/*.ts', { cwd: SOURCES }).filter(
  (file) => !file.endsWith('_completion-script.ts'),
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
  return !isGroup(found) || sub === '' || found.alone !== undefined || Object.hasOwn(found.commands, sub)
}

describe('the commands that messages name', () => {
  const named = SOURCE_FILES.flatMap((file) =>
    commandsIn(readFileSync(join(SOURCES, file), 'utf8')).map((command) => ({ file, command })),
  )

  it('are found at all', () => {
    expect(named.length).toBeGreaterThan(20)
  })

  it.each(named)('$file: signalbox $command exists', async ({ command }) => {
    expect(await exists(command)).toBe(true)
  })

  it('their options exist', async () => {
    // One hint names an option of git.
    const known = new Set(['--help', '--version', '--env-file', '--unshallow'])
    for (const { load } of Object.values(COMMANDS)) {
      const found = (await load()).default
      const commands = isGroup(found)
        ? [
            ...(found.alone ? [found.alone] : []),
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

function withImport(statement: string, more: Readonly<Record<string, string>> = {}) {
  const body = `${statement}\ndef rule(event):\n    return event.get("action") == "login"\ndef title(event):\n    return "ann logged in"\n`
  return makeProject({ ...SOUND, 'detections/login.py': body, ...more })
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

describe('the hint for a module that is missing', () => {
  it.each([
    [
      'a name close to a helper',
      'from okta_helper import x',
      HELPER,
      'did you mean the helper "okta_helpers"?',
    ],
    [
      'a helper with an error in its spec',
      'import okta_helpers',
      {
        ...HELPER,
        'global_helpers/okta_helpers.yml': `${HELPER['global_helpers/okta_helpers.yml']}Tag: [a]\n`,
      },
      'the helper okta_helpers is not loaded: correct the errors in global_helpers/okta_helpers.yml',
    ],
    [
      'a name close to a helper with an error',
      'import okta_helper',
      {
        ...HELPER,
        'global_helpers/okta_helpers.yml': `${HELPER['global_helpers/okta_helpers.yml']}Tag: [a]\n`,
      },
      'did you mean the helper "okta_helpers"?',
    ],
    [
      'a helper without a spec',
      'import okta_helpers',
      { 'global_helpers/okta_helpers.py': 'x = 1\n' },
      'global_helpers/okta_helpers.py is no helper yet: it requires a spec with AnalysisType: global',
    ],
    [
      'a module of the standard library',
      'import curses',
      {},
      'curses belongs to the standard library and is not available here',
    ],
    [
      'an internal module',
      'import _multiprocessing',
      {},
      '_multiprocessing belongs to the standard library and is not available here',
    ],
    [
      'any other name',
      'import pandas',
      HELPER,
      'if this is a package on PyPI: signalbox python add pandas (pure Python only)',
    ],
  ])('%s', async (_, statement, more, hint) => {
    expect(await hintOf(statement, more)).toBe(hint)
  })

  it('is true: the command installs the package, and the detection loads', async () => {
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

  it('but UTC are missing with a note at load, whose command is true', async () => {
    const root = withImport(ZONE)
    const { code, out } = await signalbox(['validate', '--project', root])
    expect(code).toBe(0)
    expect(out).toContain('detections/login.py:1:1 info zoneinfo knows only UTC here')
    expect(out).toContain('hint: signalbox python add tzdata installs the other time zones')
    const files = { 'tzdata/__init__.py': '', 'tzdata/zoneinfo/__init__.py': '' }
    const { url } = await packageIndex({
      'tzdata-1.0-py3-none-any.whl': { bytes: wheel('tzdata', '1.0', { files }) },
    })
    const added = await signalbox(['python', 'add', 'tzdata', '--project', root, '--index-url', url])
    expect(added.code).toBe(0)
    expect((await signalbox(['validate', '--project', root])).out).not.toContain('zoneinfo')
  })
})

it.each([
  [
    'from zoneinfo import ZoneInfo; ZoneInfo("Europe/Paris")',
    'no time zone database is installed (signalbox python add tzdata installs it)',
  ],
  ['import subprocess; subprocess.run(["ls"])', 'processes cannot be started here'],
  ['import ssl; ssl.create_default_context().wrap_socket(None)', ''],
])('no message names Pyodide or its loader: %s', async (statement, expected) => {
  const root = makeProject(SOUND)
  writeFileSync(join(root, 'detections/login.py'), `def rule(event):\n    ${statement}\n`)
  const { out } = await signalbox(['test', '--project', root])
  const raised = out.split('\n').filter((line) => line.includes('raised'))
  expect(raised.length).toBeGreaterThan(0)
  expect(raised.join('\n')).toContain(expected)
  expect(raised.join('\n')).not.toMatch(/pyodide|emscripten|loadPackage|micropip/i)
})
