/** Which files are found: by the rule of the project root, by explicit paths, and never through a loop. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { discover, projectPath } from '../../../src/config/files/discover.ts'
import { loadProject } from '../../../src/config/load.ts'
import { BODY, load, projectWith, rule, write } from '../_project.ts'

async function found(files: readonly string[], paths: readonly string[] = []): Promise<string[]> {
  const root = projectWith(Object.fromEntries(files.map((file) => [file, 'AnalysisType: x\n'])))
  const { specs } = await discover(
    root,
    paths.map((path) => join(root, path)),
  )
  return specs.map((file) => projectPath(root, file))
}

describe('the project root', () => {
  it.each([
    ['a.yml', true],
    ['a.yaml', true],
    ['a.json', false],
    ['rules/a.yml', true],
    ['rules/deep/er/a.yml', true],
    ['my_rules_of_old/a.yml', true],
    ['correlation_rules/a.yml', true],
    ['vendor/rules/a.yml', true],
    ['policies/aws/a.yml', true],
    ['queries/a.yml', true],
    ['lookup_tables/a.yml', true],
    ['data_models/a.yml', true],
    ['scheduled_prompts/a.yml', true],
    ['global_helpers/a.yml', true],
    ['packs/a.yml', true],
    ['packs/deeper/a.yml', false],
    ['templates/a.yml', false],
    ['detections/anything/a.yml', true],
    ['vendor/detections/a.yml', false],
    ['rules/.hidden/a.yml', false],
    ['rules/.hidden.yml', false],
    ['rules/node_modules/a.yml', false],
    ['rules/__pycache__/a.yml', false],
    ['rules/dependabot.yml', false],
    ['rules/a.expect.yml', false],
  ])('%s: %s', async (file, expected) => {
    expect(await found([file])).toEqual(expected ? [file] : [])
  })

  it('the found specs are sorted', async () => {
    expect(await found(['rules/b.yml', 'rules/a/z.yml', 'data_models/m.yml', 'rules/B.yml'])).toEqual([
      'data_models/m.yml',
      'rules/B.yml',
      'rules/a/z.yml',
      'rules/b.yml',
    ])
  })

  it('the project root includes helpers and data models beside it', async () => {
    const root = projectWith({ 'rules/a.yml': rule('A'), 'rules/body.py': BODY })
    write(
      join(dirname(root), 'global_helpers', 'h.yml'),
      'AnalysisType: global\nGlobalID: h\nFilename: h.py\n',
    )
    write(join(dirname(root), 'global_helpers', 'h.py'), 'X = 1\n')
    const project = await loadProject({ root })
    expect(project.problems).toEqual([])
    expect(project.helpers.map((helper) => helper.body.path)).toEqual(['../global_helpers/h.py'])
  })

  it('files outside the searched folders are reported', async () => {
    const project = await load({
      'templates/a.yml': rule('A'),
      'templates/b.yml': rule('B'),
      '.github/workflow.yml': rule('C'),
      'charts/values.yml': 'a: {{ b }}\n',
    })
    expect(project.problems).toMatchObject([
      {
        severity: 'warning',
        code: 'skipped-analysis-file',
        file: 'templates/a.yml',
        message: 'this file with an AnalysisType is outside the searched directories',
      },
      { code: 'skipped-analysis-file', file: 'templates/b.yml' },
    ])
    expect(project.detections.size).toBe(0)
  })

  it('YAML without an AnalysisType has no problems', async () => {
    const project = await load({
      'docker-compose.yml': 'services: {}\na: 1\na: 2\n',
      'values.yml': 'a: {{ b }}\n---\n',
      'list.yml': '- a\n',
      'rules/fixture.yml': '',
    })
    expect(project.problems).toEqual([])
  })
})

describe('explicit paths', () => {
  const files = [
    'detections/global_helpers/h.yml',
    'detections/data_models/m.yml',
    'data_models/n.yml',
    'detections/rules/aws/a.yml',
    'detections/rules/okta/b.yml',
    'templates/t.yml',
  ]

  it('explicit paths are searched completely, with the helpers and data models near and above them', async () => {
    expect(await found(files, ['detections/rules/aws'])).toEqual([
      'data_models/n.yml',
      'detections/data_models/m.yml',
      'detections/global_helpers/h.yml',
      'detections/rules/aws/a.yml',
    ])
    expect(await found(files, ['templates'])).toContain('templates/t.yml')
  })

  it('explicit paths can be files, and each file is loaded once', async () => {
    const specs = await found(files, ['detections/rules/okta/b.yml', 'detections/rules'])
    expect(specs.filter((file) => file.includes('/rules/'))).toEqual([
      'detections/rules/aws/a.yml',
      'detections/rules/okta/b.yml',
    ])
  })

  it('a spec as a path includes its expectations file', async () => {
    const root = projectWith({
      'rules/a.yml': rule('A', 'Tests: [{ Name: t, ExpectedResult: true, Log: {} }]\n'),
      'rules/a.expect.yml': 't: { ExpectedTitle: x }\n',
      'rules/body.py': BODY,
    })
    const project = await loadProject({ root, paths: ['rules/a.yml'] })
    expect(project.detections.get('A')!.tests[0]!.expectations).toEqual({ ExpectedTitle: 'x' })
  })

  it('packs miss no content that lies outside of the explicit paths', async () => {
    const root = projectWith({
      'packs/p.yml': 'AnalysisType: pack\nPackID: P\nPackDefinition: { IDs: [A] }\n',
    })
    expect((await loadProject({ root, paths: ['packs'] })).problems).toEqual([])
    expect((await loadProject({ root })).problems).toMatchObject([{ code: 'unknown-pack-member' }])
  })

  it('paths that are links to the outside are refused, and links that stay inside are followed', async () => {
    const root = projectWith({ 'shared/a.yml': rule('A'), 'shared/body.py': BODY })
    write(join(dirname(root), 'elsewhere', 'b.yml'), rule('B'))
    symlinkSync('../elsewhere', join(root, 'out'))
    symlinkSync('shared', join(root, 'in'))
    for (const path of ['out', 'out/b.yml', 'out/*']) {
      await expect(loadProject({ root, paths: [path] })).rejects.toThrow('the project')
    }
    expect([...(await loadProject({ root, paths: ['in'] })).detections.keys()]).toEqual(['A'])
  })

  it('explicit paths outside the project are loaded', async () => {
    const root = projectWith({})
    write(join(dirname(root), 'elsewhere', 'b.yml'), rule('B'))
    write(join(dirname(root), 'elsewhere', 'body.py'), BODY)
    for (const path of ['../elsewhere', '../elsewhere/b.yml', '../else*/*']) {
      expect([...(await loadProject({ root, paths: [path] })).detections.keys()]).toEqual(['B'])
    }
  })

  it.each([
    ['nowhere', ' not found'],
    ['rules/body.py', 'is not a YAML file'],
    ['rules/*.py', 'no directory or YAML file matches rules/*.py'],
    ['nowhere/*', 'no directory or YAML file matches nowhere/*'],
  ])('%s: %s', async (path, message) => {
    const root = projectWith({ 'rules/body.py': BODY })
    await expect(loadProject({ root, paths: [path] })).rejects.toThrow(message)
  })
})

describe('patterns', () => {
  const files = [
    'rules/aws_iam/a.yml',
    'rules/aws_iam/deep/b.yaml',
    'rules/aws_root.yml',
    'rules/aws_root.expect.yml',
    'rules/aws_root.py',
    'rules/okta/c.yml',
    'rules/.hidden/d.yml',
    'rules/node_modules/e.yml',
    'rules/[x].yml',
    'templates/f.yml',
  ]

  it.each([
    ['rules/aws_*', ['rules/aws_iam/a.yml', 'rules/aws_iam/deep/b.yaml', 'rules/aws_root.yml']],
    ['rules/aws_*.yml', ['rules/aws_root.yml']],
    ['rules/{okta,aws_iam}', ['rules/aws_iam/a.yml', 'rules/aws_iam/deep/b.yaml', 'rules/okta/c.yml']],
    ['**/b.y*ml', ['rules/aws_iam/deep/b.yaml']],
    ['temp?ates', ['templates/f.yml']],
    ['rules/[x].yml', ['rules/[x].yml']],
  ])('%s', async (pattern, expected) => {
    const root = projectWith(Object.fromEntries(files.map((file) => [file, ''])))
    const { specs } = await discover(root, [pattern])
    expect(specs.map((file) => projectPath(root, file))).toEqual(expected)
  })

  it('patterns include expectations files and helpers, and load each file once', async () => {
    const root = projectWith({
      'rules/aws_a.yml': rule('A', 'Tests: [{ Name: t, ExpectedResult: true, Log: {} }]\n'),
      'rules/aws_a.expect.yml': 't: { ExpectedTitle: x }\n',
      'rules/body.py': BODY,
      'global_helpers/h.yml': 'AnalysisType: global\nGlobalID: h\nFilename: h.py\n',
      'global_helpers/h.py': '',
    })
    const project = await loadProject({ root, paths: ['rules/aws_*', 'rules/*.yml'] })
    expect(project.problems).toEqual([])
    expect(project.detections.get('A')!.tests[0]!.expectations).toEqual({ ExpectedTitle: 'x' })
    expect(project.helpers.map(({ id }) => id)).toEqual(['h'])
  })

  it('links to folders and to files outside the project are ignored', async () => {
    const root = projectWith({ 'rules/a.yml': rule('A'), 'rules/body.py': BODY })
    write(join(dirname(root), 'elsewhere', 'b.yml'), rule('B'))
    symlinkSync('../../elsewhere', join(root, 'rules', 'folder'))
    symlinkSync('../../elsewhere/b.yml', join(root, 'rules', 'file.yml'))
    const project = await loadProject({ root, paths: ['rules/*'] })
    expect([...project.detections.keys()]).toEqual(['A'])
    expect(project.problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'rules/file.yml outside-project',
      'rules/folder linked-folder',
    ])
  })
})

describe('links and hostile files', () => {
  it('loops of links are not followed', async () => {
    const root = projectWith({ 'rules/a.yml': rule('A'), 'rules/body.py': BODY })
    symlinkSync(root, join(root, 'rules', 'loop'))
    symlinkSync(join(root, 'rules'), join(root, 'rules', 'rules_again'))
    symlinkSync('self.yml', join(root, 'rules', 'self.yml'))
    const project = await loadProject({ root })
    expect(project.problems.map(({ severity, file, code }) => `${severity} ${file} ${code}`)).toEqual([
      'warning rules/loop linked-folder',
      'warning rules/rules_again linked-folder',
      'warning rules/self.yml broken-link',
    ])
    expect([...project.detections.keys()]).toEqual(['A'])
  })

  it('links are followed only to files inside the project', async () => {
    const root = projectWith({ 'shared/a.yml': rule('A'), 'rules/body.py': BODY })
    write(join(dirname(root), 'elsewhere', 'b.yml'), rule('B'))
    symlinkSync(join(root, 'shared', 'a.yml'), join(root, 'rules', 'a.yml'))
    symlinkSync(join(dirname(root), 'elsewhere', 'b.yml'), join(root, 'rules', 'b.yml'))
    symlinkSync(join(dirname(root), 'elsewhere', 'b.yml'), join(root, 'rules', 'secret.py'))
    write(join(root, 'rules', 'c.yml'), rule('C', '', { Filename: 'secret.py' }))
    const project = await loadProject({ root })
    expect([...project.detections.keys()]).toEqual(['A'])
    expect(project.problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'rules/b.yml outside-project',
      'rules/c.yml outside-project',
      'shared/a.yml skipped-analysis-file',
    ])
  })

  it('links to helpers outside the project are not followed', async () => {
    const root = projectWith({ 'rules/a.yml': rule('A'), 'rules/body.py': BODY })
    write(join(dirname(root), 'elsewhere', 'h.yml'), 'AnalysisType: global\nGlobalID: h\nFilename: h.py\n')
    write(join(dirname(root), 'elsewhere', 'h.py'), '')
    symlinkSync('../elsewhere', join(root, 'global_helpers'))
    const project = await loadProject({ root })
    expect(project.helpers).toEqual([])
    expect(project.problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'global_helpers linked-folder',
    ])
  })

  it('a linked folder of helpers that stays inside is loaded', async () => {
    const root = projectWith({
      'rules/a.yml': rule('A'),
      'rules/body.py': BODY,
      'shared/h.yml': 'AnalysisType: global\nGlobalID: h\nFilename: h.py\n',
      'shared/h.py': '',
    })
    symlinkSync('shared', join(root, 'global_helpers'))
    expect((await loadProject({ root })).helpers.map(({ id }) => id)).toEqual(['h'])
  })

  it.each([
    ['bytes that are not UTF-8', Buffer.from([0x41, 0x0a, 0xff, 0xfe, 0x0a]), 'not-utf8'],
    ['50 MiB', Buffer.alloc(50 * 1024 * 1024, 'a: b\n'), 'file-too-large'],
  ])('files with %s are refused', async (_, content, code) => {
    const project = await load({ 'rules/a.yml': content, 'rules/b.yml': rule('B'), 'rules/body.py': BODY })
    expect(project.problems).toMatchObject([{ severity: 'error', code, file: 'rules/a.yml' }])
    expect([...project.detections.keys()]).toEqual(['B'])
  })

  it('explicit paths can be folders that are named like specs', async () => {
    const root = projectWith({})
    mkdirSync(join(root, 'rules', 'a.yml'), { recursive: true })
    expect((await loadProject({ root })).problems).toEqual([])
  })
})
