/** The first minutes: a repository from nothing, whose own tests pass. */
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { snapshotFolder } from '../../../src/config/files/environment.ts'
import { PACKAGE_FOLDER } from '../../../src/installed-files.ts'
import { signalbox } from '../fake-io.ts'
import { makeProject } from '../project-on-disk.ts'

const inside =
  (root: string) =>
  (command: string, ...rest: string[]) =>
    signalbox([command, ...rest, '--project', root])

it.each([['test'], ['validate'], ['destinations', 'list'], ['run']])(
  '%s in an empty folder names the command that begins a repository',
  async (...argv) => {
    const { code, out, err } = await signalbox([...argv, '--project', makeProject({})])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^hint: .*`signalbox init`/m)
  },
)

describe('init', () => {
  it('init creates a valid repository whose tests pass, and so do the files of new', async () => {
    const root = makeProject({ 'signalbox.yaml': 'workers: 1\n' })
    const run = inside(root)
    expect((await signalbox(['init', root])).code).toBe(0)
    for (const [kind, id] of [
      ['rule', 'AWS.RootLogin'],
      ['policy', 'AWS.Bucket.Encrypted'],
      ['helper', 'our_helpers'],
      ['data-model', 'Custom.Model'],
    ]) {
      expect((await run('new', kind!, id!)).code, kind).toBe(0)
    }
    const validated = await run('validate', '--fail-on-warnings', '--format', 'json')
    expect([validated.code, JSON.parse(validated.out).problems]).toEqual([0, []])
    const tested = await run('test', '--fail-on-warnings', '--format', 'json')
    const { summary, unitTests } = JSON.parse(tested.out)
    expect(tested.code).toBe(0)
    expect(summary.tests).toMatchObject({ passed: 6, failed: 0, skipped: 0 })
    expect(unitTests).toMatchObject([{ status: 'passed', tests: [{}, {}] }])
  })

  it('init keeps existing files', async () => {
    const root = makeProject({ 'destinations.yaml': '# ours\n' })
    const { code, err } = await signalbox(['init', root])
    expect(code).toBe(0)
    expect(err).toContain('destinations.yaml already exists; skipped')
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toBe('# ours\n')
  })

  it('the editor settings of init refer to existing schemas', async () => {
    const root = makeProject({})
    await signalbox(['init', root])
    const settings = JSON.parse(readFileSync(join(root, '.vscode/settings.json'), 'utf8'))
    const schemas = Object.keys(settings['yaml.schemas'])
    expect(schemas).toHaveLength(5)
    for (const schema of schemas) expect(existsSync(join(root, schema)), schema).toBe(true)
    const paths: string[] = settings['python.analysis.extraPaths']
    for (const path of paths.slice(1))
      expect(existsSync(join(PACKAGE_FOLDER, path.replace('node_modules/signalbox/dist', 'src'))), path).toBe(
        true,
      )
  })

  it('the help of init names each file that it writes', async () => {
    const { out } = await signalbox(['init', makeProject({})])
    const help = (await signalbox(['init', '--help'])).out
    const described = [...help.matchAll(/^ {2}(\S+) {2,}\S/gm)].map(([, path]) => path!)
    const written = out.trimEnd().split('\n')
    expect(written.filter((path) => !described.some((each) => path.startsWith(each)))).toEqual([])
  })

  it('init writes a package.json that depends on this Signalbox, and reports what CI cannot install', async () => {
    const root = makeProject({})
    const { err } = await signalbox(['init', root])
    const { devDependencies, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(resolve(root, devDependencies.signalbox.slice('file:'.length))).toBe(realpathSync(process.cwd()))
    expect(Object.keys(scripts)).toEqual(['validate', 'test', 'watch', 'routes'])
    expect(err).toMatch(/^CI cannot install file:\.\.\/.*; copy the package into it/m)
    expect(err).toMatch(/commit package-lock\.json/)
  })

  it('init names the missing dependency of an existing package.json', async () => {
    const root = makeProject({ 'package.json': '{"name":"ours"}\n' })
    const { err } = await signalbox(['init', root])
    expect(err).toMatch(/package\.json does not depend on Signalbox; run in .*: npm install --save-dev file:/)
    expect(readFileSync(join(root, 'package.json'), 'utf8')).toBe('{"name":"ours"}\n')
  })
})

describe('the workflow that init writes', () => {
  const workflow = () => newRepositoryFile('.github/workflows/detections.yml')

  it('two YAML libraries read the workflow alike, and it installs what the lock lists', async () => {
    const parsed = parse(await workflow())
    expect(load(await workflow())).toEqual(parsed)
    const commands: string[] = parsed.jobs.test.steps.flatMap(({ run }: { run?: string }) => run ?? [])
    expect(commands[0]).toBe('npm ci --ignore-scripts --omit=optional')
    for (const command of ['validate', 'test'])
      expect(commands).toContainEqual(
        expect.stringMatching(`^npx --no-install signalbox ${command} --fail-on-warnings`),
      )
    expect(commands).toContainEqual(expect.stringMatching(/^npx --no-install signalbox routes diff /))
  })

  it('the workflow keeps only the folder of snapshots between runs', async () => {
    const cache = parse(await workflow()).jobs.test.steps.find(({ uses = '' }) =>
      uses.startsWith('actions/cache@'),
    )
    const { folder } = snapshotFolder({ XDG_CACHE_HOME: '/home/runner/.cache' })
    expect(cache.with.path.replace('~', '/home/runner')).toBe(folder)
  })

  it('the job that runs code of the repository can only read, and the job that comments runs none of it', async () => {
    const { permissions, jobs } = parse(await workflow())
    expect(permissions).toEqual({})
    expect(jobs.test.permissions).toEqual({ contents: 'read' })
    expect(jobs.comment.permissions).toEqual({ 'pull-requests': 'write' })
    expect(jobs.comment.needs).toBe('test')
    const [download, comment, ...others] = jobs.comment.steps
    expect(others).toEqual([])
    expect(download.uses).toMatch(/^actions\/download-artifact@/)
    expect(comment.run).toMatch(/^gh pr comment "\$PULL_REQUEST" --body-file routes\.md [-a-z ]+$/)
    const upload = jobs.test.steps.find(({ uses = '' }) => uses.startsWith('actions/upload-artifact@'))
    expect(upload.with).toEqual({ ...download.with, path: 'routes.md' })
  })

  it('docs/ci.md contains the workflow word by word', async () => {
    expect(readFileSync('docs/ci.md', 'utf8')).toContain(`\`\`\`yaml\n${await workflow()}\`\`\`\n`)
  })
})

it('init --ci gitlab writes the pipeline of docs/ci.md instead of the workflow, and the README names it', async () => {
  const root = makeProject({})
  const { code, out } = await signalbox(['init', root, '--ci', 'gitlab'])
  expect(code).toBe(0)
  expect(out).not.toContain('.github')
  const pipeline = readFileSync(join(root, '.gitlab-ci.yml'), 'utf8')
  expect(load(pipeline)).toEqual(parse(pipeline))
  expect(readFileSync('docs/ci.md', 'utf8')).toContain(`\`\`\`yaml\n${pipeline}\`\`\`\n`)
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('`.gitlab-ci.yml`')
})

it.each(['github', 'gitlab'])(
  'no file that init writes for %s can fetch a package by its name alone',
  async (ci) => {
    const root = makeProject({})
    const { out } = await signalbox(['init', root, '--ci', ci])
    const texts = out
      .trimEnd()
      .split('\n')
      .map((path) => readFileSync(join(root, path), 'utf8'))
    const calls = texts.flatMap((text) => [...text.matchAll(/npx .*/g)].map(([call]) => call))
    expect(calls.length).toBeGreaterThan(4)
    for (const call of calls) expect(call).toMatch(/^npx --no-install signalbox\b/)
  },
)

async function newRepositoryFile(path: string): Promise<string> {
  const root = makeProject({})
  await signalbox(['init', root])
  return readFileSync(join(root, path), 'utf8')
}

describe('new', () => {
  it.each<[string, string[], RegExp]>([
    ['a kind that is none', ['query', 'X'], /unknown kind "query"/],
    ['an id that is none', ['rule', 'a b'], /invalid id "a b"/],
    ['a helper that cannot be imported', ['helper', 'Our.Helper'], /Python cannot import it/],
  ])('new refuses %s', async (_, argv, message) => {
    const { code, err } = await inside(makeProject({}))('new', ...argv)
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })

  it('new rejects an id in use and an existing file', async () => {
    const root = makeProject({})
    const run = inside(root)
    await run('new', 'rule', 'A.B')
    expect((await run('new', 'policy', 'A.B')).err).toContain(
      'duplicate id "A.B": detections/rules/a_b.yml has it',
    )
    writeFileSync(join(root, 'detections/rules/c.py'), 'ours\n')
    expect((await run('new', 'rule', 'C')).err).toContain('c.py already exists')
    expect(existsSync(join(root, 'detections/rules/c.yml'))).toBe(false)
  })
})
