/** A cache folder that came with a repository: nothing in it is executed or restored, and nothing is written to it. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { cacheFolder, PARTS, projectsOf } from '../../bin/cache-folder.cjs'
import { copyCheckout } from '../support/checkout.ts'
import { commandEnvironment } from '../support/process.ts'

let outside: string
beforeAll(() => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-committed-cache-')))
})
afterAll(() => rmSync(outside, { recursive: true }))

function makeProject(): string {
  const root = mkdtempSync(join(outside, 'project-'))
  const files = {
    'signalbox.yaml': 'workers: 1\n',
    'destinations.yaml': 'version: 1\nfallback: [inbox]\ndestinations: [{ name: inbox, type: console }]\n',
    'detections/it.yml':
      'AnalysisType: rule\nRuleID: It\nFilename: it.py\nEnabled: true\nSeverity: High\nLogTypes: [A]\nTests: [{ Name: matches, ExpectedResult: true, Log: {} }]\n',
    'detections/it.py': 'def rule(event): return True\n',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** @param cwd where the command runs. */
function run(checkout: string, cwd: string, args: readonly string[], cache: string) {
  const env = commandEnvironment({ XDG_CACHE_HOME: cache })
  return spawnSync(process.execPath, [join(checkout, 'bin', 'signalbox.cjs'), ...args], {
    cwd,
    env,
    encoding: 'utf8',
  })
}

/** Paths of all files below the folder, relative to it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** Bytes of an entry of Node's compile cache that say which text it belongs to: its size, and its checksum. */
const CODE_SIZE = [4, 8] as const
const CODE_CHECKSUM = [12, 16] as const

const EXECUTED = "process.getBuiltinModule('fs').writeFileSync('EXECUTED','')"

/**
 * Compile caches whose entries say something else than the modules that they pass for, as a stranger could make them:
 * Node compares nothing but checksums.
 */
function forgedCompileCache(checkout: string, project: string): string {
  const honest = mkdtempSync(join(outside, 'honest-'))
  const forged = mkdtempSync(join(outside, 'forged-'))
  run(checkout, project, ['validate'], honest)
  const module = join(checkout, 'src', 'errors.ts')
  const text = readFileSync(module, 'utf8')
  const comment = /^\/\*\*.*?\*\//.exec(text)![0]
  expect(comment.length).toBeGreaterThan(EXECUTED.length)
  writeFileSync(module, text.replace(comment, EXECUTED.padEnd(comment.length)))
  run(checkout, project, ['validate'], forged)
  writeFileSync(module, text)
  expect(existsSync(join(project, 'EXECUTED'))).toBe(true)
  rmSync(join(project, 'EXECUTED'))

  let entries = 0
  for (const name of filesIn(join(forged, 'signalbox', 'node'))) {
    const [from, to] = [honest, forged].map((home) => join(home, 'signalbox', 'node', name)) as [
      string,
      string,
    ]
    if (!existsSync(from) || !readFileSync(to).includes('EXECUTED')) continue
    const bytes = readFileSync(to)
    const original = readFileSync(from)
    for (const [start, end] of [CODE_SIZE, CODE_CHECKSUM]) original.copy(bytes, start, start, end)
    writeFileSync(to, bytes)
    entries++
  }
  expect(entries).toBeGreaterThan(0)
  return forged
}

const LOOKING = [
  ['validate'],
  ['test'],
  ['doctor'],
  ['explain', 'It'],
  ['routes'],
  ['destinations', 'list'],
  ['schema', 'rule'],
  ['alerts', 'list'],
]

describe('[SEC-4.2] a compile cache in the repository', () => {
  it('is not executed by any command that looks at a project', () => {
    const checkout = copyCheckout()
    const project = makeProject()
    const forged = forgedCompileCache(checkout, project)
    // The same files are accepted in the user's own folder, which shows that they are an attack.
    run(checkout, project, ['validate'], forged)
    expect(existsSync(join(project, 'EXECUTED'))).toBe(true)
    rmSync(join(project, 'EXECUTED'))

    const planted = join(project, '.cache')
    cpSync(forged, planted, { recursive: true })
    const before = filesIn(planted)
    for (const args of LOOKING) {
      const { stderr } = run(checkout, project, args, planted)
      expect({ args, executed: existsSync(join(project, 'EXECUTED')) }).toEqual({ args, executed: false })
      expect(stderr.match(/the cache is off/g)).toHaveLength(1)
      expect(filesIn(planted)).toEqual(before)
    }
  })
})

describe('[SEC-4.2] a cache folder', () => {
  const refusal = (cache: string, ...args: string[]) =>
    cacheFolder({ XDG_CACHE_HOME: cache }, projectsOf(args), 'linux').refusal

  function gitProject(): { top: string; project: string } {
    const top = mkdtempSync(join(outside, 'git-'))
    mkdirSync(join(top, '.git'))
    const project = join(top, 'detections')
    mkdirSync(project)
    return { top, project }
  }

  it.each(['linux', 'darwin', 'win32'] as const)(
    'a cache folder on %s is in the folder that XDG_CACHE_HOME names, as messages advise',
    (platform) => {
      const environment = { XDG_CACHE_HOME: outside, LOCALAPPDATA: join(outside, 'local') }
      expect(cacheFolder(environment, [], platform)).toEqual({
        folder: join(outside, 'signalbox'),
        refusal: null,
      })
    },
  )

  it.each([
    ['linux', join(homedir(), '.cache')],
    ['darwin', join(homedir(), 'Library', 'Caches')],
    ['win32', '/local'],
  ] as const)(
    'the cache folder on %s is the one of the system if XDG_CACHE_HOME names no absolute path',
    (platform, folder) => {
      for (const XDG_CACHE_HOME of [undefined, '', 'relative/folder'])
        expect(cacheFolder({ XDG_CACHE_HOME, LOCALAPPDATA: '/local' }, [], platform).folder).toBe(
          join(folder, 'signalbox'),
        )
    },
  )

  it('a cache folder in the project, or in the top of its work tree, is not used', () => {
    const { top, project } = gitProject()
    for (const folder of [join(project, '.cache'), project, join(top, '.cache'), top]) {
      expect(refusal(folder, 'test', '--project', project)).toContain(top)
      expect(refusal(folder, 'test', `--project=${project}`)).toContain(top)
    }
  })

  it('a cache folder that a link leads into the project, or out of it, is not used', () => {
    const { project } = gitProject()
    const elsewhere = mkdtempSync(join(outside, 'elsewhere-'))
    symlinkSync(project, join(elsewhere, 'in'))
    expect(refusal(join(elsewhere, 'in', 'not-there-yet'), 'test', '--project', project)).not.toBeNull()
    symlinkSync(elsewhere, join(project, 'out'))
    expect(refusal(join(project, 'out'), 'test', '--project', project)).not.toBeNull()
  })

  it.each(Object.values(PARTS))(
    'a cache folder whose part %s is a link into the project is not used',
    (part) => {
      const { project } = gitProject()
      const elsewhere = mkdtempSync(join(outside, 'elsewhere-'))
      mkdirSync(join(elsewhere, 'signalbox'))
      symlinkSync(project, join(elsewhere, 'signalbox', part))
      expect(refusal(elsewhere, 'test', '--project', project)).not.toBeNull()
    },
  )

  it('has no other parts than those that are checked', () => {
    const cache = mkdtempSync(join(outside, 'cache-'))
    const command = join(import.meta.dirname, '..', '..', 'bin', 'signalbox.cjs')
    const { status } = spawnSync(process.execPath, [command, 'test', '--project', makeProject()], {
      env: commandEnvironment({ XDG_CACHE_HOME: cache }),
    })
    expect(status).toBe(0)
    expect(readdirSync(join(cache, 'signalbox')).sort()).toEqual(Object.values(PARTS).sort())
  })

  it('a cache folder in a project that is named through a link is not used', () => {
    const { project } = gitProject()
    const link = join(outside, `link-${crypto.randomUUID()}`)
    symlinkSync(project, link)
    expect(refusal(join(project, '.cache'), 'test', '--project', link)).not.toBeNull()
    expect(refusal(join(link, '.cache'), 'test', '--project', project)).not.toBeNull()
  })

  it('a cache folder in the work tree around a submodule is not used', () => {
    const { top, project } = gitProject()
    writeFileSync(join(project, '.git'), 'gitdir: ../.git/modules/detections\n')
    expect(refusal(join(top, '.cache'), 'test', '--project', project)).not.toBeNull()
  })

  it('a cache folder in the current folder is not used if no project is named', () => {
    const before = process.cwd()
    onTestFinished(() => process.chdir(before))
    process.chdir(makeProject())
    expect(refusal(join(process.cwd(), '.cache'), 'test')).not.toBeNull()
    expect(refusal(join(process.cwd(), '.cache'), 'test', '--project', outside.concat('/other'))).toBeNull()
  })

  it('beside the project is used', () => {
    const { top, project } = gitProject()
    for (const folder of [`${top}.cache`, join(outside, 'cache'), join(outside, '..cache')]) {
      expect(refusal(folder, 'test', '--project', project)).toBeNull()
    }
  })
})

it('[SEC-4.2] doctor names the folder that is not used', () => {
  const project = makeProject()
  const repository = join(import.meta.dirname, '..', '..')
  const { stdout } = run(repository, project, ['doctor', '--format', 'json'], join(project, '.cache'))
  const { findings } = JSON.parse(stdout) as { findings: { what: string; state: string; detail: string }[] }
  expect(findings.find(({ what }) => what === 'cache')).toMatchObject({
    state: 'note',
    detail: `disabled: ${join(project, '.cache', 'signalbox')} lies in ${project}, where a repository could have put it`,
  })
  expect(existsSync(join(project, '.cache'))).toBe(false)
})
