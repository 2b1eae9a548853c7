/** The package as a stranger gets it: packed, installed without a network, and a new repository made with it. */
import { execFile } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithProgram } from '../support/optional-program.ts'
import { commandEnvironment, type Ended } from '../support/process.ts'
import { linksOf } from './links.ts'

const CHECKOUT = join(import.meta.dirname, '..', '..')
/** The blank in the path is a part of the test. */
const downloads = mkdtempSync(join(tmpdir(), 'signalbox packed-'))
const repository = join(downloads, 'My Detections')
const installed = join(repository, 'node_modules', 'signalbox')

const IDENTITY = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

function run(folder: string, program: string, ...args: string[]): Promise<Ended> {
  const options = { cwd: folder, env: commandEnvironment(IDENTITY), maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) =>
    execFile(program, args, options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  )
}
const inRepository = (program: string, ...args: string[]) => run(repository, program, ...args)
const signalbox = (...args: string[]) => inRepository('npx', '--no-install', 'signalbox', ...args)

async function succeed(result: Promise<Ended>): Promise<Ended> {
  const ended = await result
  expect(ended, ended.err).toMatchObject({ code: 0 })
  return ended
}

beforeAll(async () => {
  mkdirSync(repository)
  await succeed(run(CHECKOUT, 'npm', 'pack', '--pack-destination', downloads))
  const [tarball] = readdirSync(downloads).filter((name) => name.endsWith('.tgz'))
  // The `package.json` only says to npm which folder is meant.
  writeFileSync(join(repository, 'package.json'), '{}')
  const offline = ['--offline', '--omit=optional', '--save-dev']
  await succeed(inRepository('npm', 'install', ...offline, `../${tarball}`))
  rmSync(join(repository, 'package.json'))
  await succeed(signalbox('init'))
})
afterAll(() => rmSync(downloads, { recursive: true, force: true }))

describe('the installed package', () => {
  it('has every file that its pages link to', () => {
    const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: installed })
    expect(pages.length).toBeGreaterThan(30)
    const dead = pages.flatMap((page) =>
      linksOf(readFileSync(join(installed, page), 'utf8'))
        .filter((target) => !existsSync(join(installed, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    )
    expect(dead).toEqual([])
  })

  it('holds no sources and no tests', () => {
    const folders = ['bin', 'dist', 'docs', 'examples', 'node_modules', 'schemas']
    const found = readdirSync(installed, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(found.map(({ name }) => name).sort()).toEqual(folders)
    const sources = globSync('dist/**/*.ts', { cwd: installed }).filter((path) => !path.endsWith('.d.ts'))
    expect(sources).toEqual([])
  })

  it('brings its libraries without a demand on the Node that installs them', () => {
    const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8'))
    const libraries = Object.entries<{ inBundle?: boolean; engines?: object }>(lock.packages).filter(
      ([path]) => path.startsWith('node_modules/signalbox/node_modules/'),
    )
    expect(libraries.length).toBeGreaterThan(100)
    for (const [path, { inBundle, engines }] of libraries)
      expect([inBundle, engines], path).toEqual([true, undefined])
  })

  it('has the modules that the editor settings name', () => {
    const settings = JSON.parse(readFileSync(join(repository, '.vscode/settings.json'), 'utf8'))
    const [ownHelpers, ...ofSignalbox] = settings['python.analysis.extraPaths']
    expect(ownHelpers).toBe('detections/global_helpers')
    for (const path of ofSignalbox) expect(existsSync(join(repository, path)), path).toBe(true)
  })
})

describe('the repository that init makes', () => {
  it('depends on the file that was installed, and npm agrees', async () => {
    const { devDependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    expect(devDependencies.signalbox).toMatch(/^file:\.\.\/signalbox-.*\.tgz$/)
    await succeed(inRepository('npm', 'ls', 'signalbox'))
  })

  it('the scripts of the new repository work', async () => {
    for (const script of ['validate', 'test', 'routes']) await succeed(inRepository('npm', 'run', script))
  })
})

describeWithProgram('git', 'the hook that init writes', () => {
  const commit = () => inRepository('git', 'commit', '--all', '--message', 'change')

  it('lets a sound commit pass and refuses a broken one, and routes diff compares the two', async () => {
    await succeed(inRepository('git', 'init', '--quiet'))
    await succeed(inRepository('git', 'config', 'core.hooksPath', '.githooks'))
    await succeed(inRepository('git', 'add', '.'))
    await succeed(commit())
    const registry = join(repository, 'destinations.yaml')
    writeFileSync(registry, readFileSync(registry, 'utf8').replace('MEDIUM, ', ''))
    const refused = await commit()
    expect(refused.code).toBe(1)
    expect(refused.out + refused.err).toContain('[unreachable-destination]')
    const { out } = await succeed(signalbox('routes', 'diff', 'HEAD'))
    expect(out).toContain('Example.FailedLogin')
  })
})
