/** `mcp`, called by the client of the protocol's own library, which starts the command as an editor does. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOOLS } from '../../../src/cli/mcp/tools.ts'
import { commandEnvironment } from '../../support/process.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'bin', 'signalbox.cjs')
const EVENTS = `${JSON.stringify({ p_log_type: 'Test.Log', action: 'login', user: 'bob', p_event_time: '2026-01-01T00:00:00Z' })}\n`
const open: Client[] = []
afterAll(async () => {
  for (const client of open) await client.close()
})

async function connect(project: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  const args = [COMMAND, 'mcp', '--project', project]
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args,
      env: commandEnvironment() as Record<string, string>,
    }),
  )
  open.push(client)
  return client
}

it('names with dots, and a project in a folder with special characters, are no way out', () => {
  const test = TOOLS.find(({ name }) => name === 'test')!
  const root = '/repositories/ours (new) [1]'
  const { argv } = test.command({ paths: ['rules/a..b', 'rules/*.yml'] }, root)
  expect(argv.slice(-2)).toEqual([`${root}/rules/a..b`, `${root}/rules/*.yml`])
  for (const path of ['rules/{a,../../b}', '{../..,x}/*.yml', '..', 'rules/..'])
    expect(() => test.command({ paths: [path] }, root)).toThrow('outside of the project')
})

describe('mcp', () => {
  let project: string
  let client: Client
  beforeAll(async () => {
    project = makeProject({ ...SOUND, 'events.ndjson': EVENTS })
    client = await connect(project)
  })

  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { content, isError = false } = await client.callTool({ name, arguments: args })
    const [first] = content as { readonly text: string }[]
    return { text: first!.text, isError }
  }
  const json = async (...given: Parameters<typeof call>) => JSON.parse((await call(...given)).text)

  it('the tools are listed with their schemas, and each only reads', async () => {
    const { tools } = await client.listTools()
    expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([
      ['validate', true],
      ['test', true],
      ['explain', true],
      ['routes', true],
      ['replay', true],
    ])
    expect(tools.find(({ name }) => name === 'replay')!.inputSchema).toMatchObject({ required: ['files'] })
  })

  it('validate returns the problems of the project', async () => {
    writeFileSync(join(project, 'detections', 'broken.yml'), 'AnalysisType: rule\nRuleID: Broken\n')
    const { problems } = await json('validate')
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'missing-key', file: 'detections/broken.yml' }),
    )
    execFileSync('rm', [join(project, 'detections', 'broken.yml')])
    expect((await json('validate')).problems).toEqual([])
  })

  it('test returns the results of the cases that are chosen', async () => {
    const results = await json('test', { filter: ['RuleID=Test.Login'], names: ['login'] })
    const cases = results.detections.flatMap(
      (each: { tests: { name: string; status: string }[] }) => each.tests,
    )
    expect(cases.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
      ['login', 'passed'],
    ])
  })

  it('explain takes an event as it is', async () => {
    const event = { p_log_type: 'Test.Log', action: 'login', user: 'eve', n: 1 }
    const explanation = await json('explain', { detection: 'Test.Login', event })
    expect(JSON.stringify(explanation)).toContain('eve logged in')
  })

  it('routes returns where each detection goes', async () => {
    expect(JSON.stringify(await json('routes'))).toContain('Test.Login')
  })

  it('replay returns what recorded events would have done', async () => {
    const report = await json('replay', { files: ['events.ndjson'] })
    expect(JSON.stringify(report)).toContain('Test.Login')
    expect(readdirSync(project)).not.toContain('.signalbox')
  })

  it.each<[string, string, Record<string, unknown>]>([
    ['an absolute path', 'replay', { files: ['/etc/passwd'] }],
    ['a path upwards', 'replay', { files: ['../events.ndjson'] }],
    ['a source with a scheme', 'replay', { files: ['file:/etc/passwd?logType=Test.Log'] }],
    ['a pattern upwards', 'test', { paths: ['detections/*/../../../*'] }],
    ['a link', 'replay', { files: ['link'] }],
  ])('%s that leads out of the project is refused', async (_, name, args) => {
    const link = join(project, 'link')
    if (!readdirSync(project).includes('link')) symlinkSync(dirname(project), link)
    const { text, isError } = await call(name, args)
    expect(isError).toBe(true)
    expect(text).not.toContain('root:')
  })

  it.each<[string, Record<string, unknown>]>([
    ['test', { paths: ['--coverage-lcov=stolen'] }],
    ['test', { filter: ['x=1', '--watch'] }],
    ['routes', { against: '--output=stolen' }],
    ['explain', { detection: '--help', test: '--help' }],
    ['replay', { files: ['events.ndjson'], since: '--state=stolen' }],
  ])('%s takes no option from its arguments: %j', async (name, args) => {
    expect((await call(name, args)).isError).toBe(true)
    expect(readdirSync(project)).not.toContain('stolen')
  })

  it('an argument that does not exist is refused with its name', async () => {
    await expect(call('test', { coverage: true })).resolves.toMatchObject({ isError: true })
  })

  it('an error of a command is one with its hint', async () => {
    const { text, isError } = await call('explain', { detection: 'Test.Logn', test: 'login' })
    expect(isError).toBe(true)
    expect(text).toContain('Test.Login')
  })

  it('routes compares with a revision', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: project })
    git('init', '--quiet')
    git('add', 'detections', 'destinations.yaml')
    git('commit', '--quiet', '--message', 'first')
    mkdirSync(join(project, 'more'), { recursive: true })
    const { text, isError } = await call('routes', { against: 'HEAD' })
    expect([isError, typeof JSON.parse(text)]).toEqual([false, 'object'])
  })
})
