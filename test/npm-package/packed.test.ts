/** The package as a stranger gets it: packed, installed without a network, and a new repository made with it. */
import { execFile } from 'node:child_process'
import {
  cpSync,
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
import { namedSteps, PageRunner } from '../docs/page-runner.ts'
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

/** What no package is made from, or what is made again. */
const NOT_COPIED = ['.git', '.signalbox', 'dist', 'schemas']

/** Packing changes the libraries in `node_modules`, which other programs use meanwhile. */
function copyOfCheckout(): string {
  const copy = join(downloads, 'checkout')
  mkdirSync(copy)
  for (const name of readdirSync(CHECKOUT)) {
    if (NOT_COPIED.includes(name)) continue
    cpSync(join(CHECKOUT, name), join(copy, name), { recursive: true, verbatimSymlinks: true })
  }
  return copy
}

beforeAll(async () => {
  mkdirSync(repository)
  const copy = copyOfCheckout()
  await succeed(run(copy, 'npm', 'pack', '--pack-destination', downloads))
  rmSync(copy, { recursive: true })
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
    const folders = ['bin', 'deploy', 'dist', 'docs', 'examples', 'node_modules', 'schemas']
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

/** A module that uses the types of the package, and a line that must not pass. */
const CONSUMER = `import { defineDestination, postJson } from 'signalbox/destination'
import type { Message, Receipt, Update, UpdateSupport } from 'signalbox/destination'
import type { UserErrorCode } from 'signalbox'

export const title = ({ notification }: Message): string => notification.title
export const events = (update: Update): readonly string[] => update.events
export const code: UserErrorCode = 'unknown-id'

const updates: UpdateSupport<{ readonly url: string }> = {
  events: ['resolved'],
  *exchange(update, { url }) {
    const receipt: Receipt = (yield postJson(url, update.json)).receipt
    return receipt
  },
}

export default defineDestination<{ readonly url: string }>({
  type: 'consumer',
  summary: 'a consumer',
  options: {
    type: 'object',
    properties: { url: { type: 'string', description: 'The address.' } },
    additionalProperties: false,
  },
  request: (message, { url }) => postJson(url, message.json),
  updates,
  answers: { provider: 'the consumer', success: [{ status: [200] }], rules: [] },
})

// @ts-expect-error a request needs a method
defineDestination({ type: 'x', summary: 'x', options: {}, request: () => ({ url: 'x' }), answers: null })
`

describe('a type of the project that uses the package', () => {
  const runner = new PageRunner(repository, { signalbox: [join(installed, 'bin', 'signalbox.cjs')] })
  afterAll(() => runner.close())

  it.each(namedSteps(readFileSync(join(CHECKOUT, 'docs/writing-destinations.md'), 'utf8')))(
    '$title',
    async ({ step }) => {
      await runner.take(step)
    },
  )

  it('the types of the package resolve for TypeScript, in the written files and in another module', async () => {
    const modules = join(CHECKOUT, 'node_modules')
    const compilerOptions = {
      target: 'es2024',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      typeRoots: [join(modules, '@types')],
      types: ['node'],
    }
    writeFileSync(join(repository, 'destinations', 'consumer.ts'), CONSUMER)
    writeFileSync(
      join(repository, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['destinations'] }),
    )
    const { code, out } = await inRepository(process.execPath, join(modules, 'typescript/bin/tsc'), '-p', '.')
    expect({ code, out }).toEqual({ code: 0, out: '' })
  })
})
