/** The first minutes: a repository from nothing, whose own tests pass. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { signalbox } from './fake-io.ts'
import { makeProject } from './project-on-disk.ts'

const inside =
  (root: string) =>
  (command: string, ...rest: string[]) =>
    signalbox([command, ...rest, '--project', root])

it.each([['test'], ['validate'], ['destinations', 'list'], ['run']])(
  'in an empty folder, %s says what begins a repository',
  async (...argv) => {
    const { code, out, err } = await signalbox([...argv, '--project', makeProject({})])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^hint: .*`signalbox init`/m)
  },
)

describe('init', () => {
  it('makes a repository that is valid and whose tests pass, scaffolds included', async () => {
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

  it('leaves what exists alone', async () => {
    const root = makeProject({ 'destinations.yaml': '# ours\n' })
    const { code, err } = await signalbox(['init', root])
    expect(code).toBe(0)
    expect(err).toContain('destinations.yaml is there already and was left alone')
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toBe('# ours\n')
  })

  it('sets an editor up with schemas that are there', async () => {
    const root = makeProject({})
    await signalbox(['init', root])
    const settings = JSON.parse(readFileSync(join(root, '.vscode/settings.json'), 'utf8'))
    const schemas = Object.keys(settings['yaml.schemas'])
    expect(schemas).toHaveLength(4)
    for (const schema of schemas) expect(existsSync(join(root, schema)), schema).toBe(true)
    const { steps } = parse(readFileSync(join(root, '.github/workflows/detections.yml'), 'utf8')).jobs.test
    const commands = steps.flatMap(({ run }: { run?: string }) => run ?? [])
    for (const command of ['validate', 'test']) {
      const called = commands.find((text: string) => text.includes(` ${command} `))
      expect(called, command).toContain('--fail-on-warnings')
    }
  })
})

describe('new', () => {
  it.each<[string, string[], RegExp]>([
    ['a kind that is none', ['query', 'X'], /"query" can't be made/],
    ['an id that is none', ['rule', 'a b'], /"a b" is no id/],
    ['a helper that cannot be imported', ['helper', 'Our.Helper'], /can't be imported/],
  ])('refuses %s', async (_, argv, message) => {
    const { code, err } = await inside(makeProject({}))('new', ...argv)
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })

  it('refuses an id that is taken, and a file that is there', async () => {
    const root = makeProject({})
    const run = inside(root)
    await run('new', 'rule', 'A.B')
    expect((await run('new', 'policy', 'A.B')).err).toContain(
      'the id "A.B" is taken by detections/rules/a_b.yml',
    )
    writeFileSync(join(root, 'detections/rules/c.py'), 'ours\n')
    expect((await run('new', 'rule', 'C')).err).toContain('c.py exists already')
    expect(existsSync(join(root, 'detections/rules/c.yml'))).toBe(false)
  })
})
