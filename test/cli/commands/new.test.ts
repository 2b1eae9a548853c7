/** `new destination`: a type with its test, which passes, and which delivers. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linkPackage } from '../../support/linked-package.ts'
import { commandEnvironment, type Ended, runCommand } from '../../support/process.ts'
import { type Receiver, startReceiver } from '../../support/receiver.ts'
import { signalbox } from '../fake-io.ts'
import { makeProject } from '../project-on-disk.ts'

const create = (root: string, name: string, ...more: string[]) =>
  signalbox(['new', 'destination', name, '--project', root, ...more])

function testOf(root: string, name: string): Promise<Ended> {
  const args = ['--test', '--test-reporter=tap', `destinations/${name}.test.ts`]
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd: root, env: commandEnvironment() }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  )
}

describe('new destination', () => {
  it('writes a type with its test, and says how to test, add and try it', async () => {
    const root = makeProject({})
    const { code, out, err } = await create(root, 'team-pager')
    expect([code, out]).toEqual([0, 'destinations/team-pager.ts\ndestinations/team-pager.test.ts\n'])
    expect(err).toContain('node --test destinations/team-pager.test.ts')
    expect(err).toContain('signalbox destinations add soc-team-pager --type ./destinations/team-pager.ts')
    expect(err).toContain('--allow-local-types')
  })

  it('writes nothing over an existing file', async () => {
    const root = makeProject({ 'destinations/pager.test.ts': '// mine' })
    const { code, err } = await create(root, 'pager')
    expect([code, err]).toEqual([2, expect.stringContaining('pager.test.ts already exists')])
    expect(existsSync(join(root, 'destinations/pager.ts'))).toBe(false)
  })

  it.each([
    ['Team Pager', /^.*invalid name of a destination type "Team Pager"/],
    ['../pager', /invalid name/],
    ['pager-', /invalid name/],
    ['1pager', /invalid name/],
    ['slack', /slack is a bundled destination type.*\n.*use type: slack/],
  ])('refuses the name %s', async (name, message) => {
    const { code, err } = await create(makeProject({}), name)
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })

  it('the test that it writes passes, and fails when the type is wrong', async () => {
    const root = makeProject({ 'package.json': '{"type":"module"}' })
    linkPackage(root)
    await create(root, 'team-pager')
    const passed = await testOf(root, 'team-pager')
    expect(passed.code, passed.out).toBe(0)
    expect(Number(/^# pass (\d+)$/m.exec(passed.out)?.[1])).toBeGreaterThan(30)
    expect(passed.err).toBe('')
    const file = join(root, 'destinations/team-pager.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace('secret: true,', ''))
    const failed = await testOf(root, 'team-pager')
    expect(failed.code).toBe(1)
    expect(failed.out).toMatch(/^not ok \d+ - team-pager: no result, log line or preview contains a secret$/m)
  })

  describe('the type that it writes', () => {
    let receiver: Receiver
    beforeEach(async () => {
      receiver = await startReceiver()
    })
    afterEach(() => receiver.close())

    it('is added and delivers, by the commands that it prints and without a package in the project', async () => {
      const root = makeProject({})
      const { err } = await create(root, 'pager')
      const [, printed = ''] = /(signalbox destinations add [\s\S]*?--allow-local-types)/.exec(err) ?? []
      const words = [...printed.replace(/\\\n/g, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, a, b]) => a ?? b!)
      const here = ['--project', root]
      const added = await runCommand([...words.slice(1), ...here])
      expect([added.code, added.err]).toEqual([0, ''])
      receiver.script({ status: 201, headers: { 'content-type': 'application/json' }, body: '{"id":"4711"}' })
      const environment = { PAGER_URL: `${receiver.url}/v1`, PAGER_TOKEN: 'tok' }
      const test = ['destinations', 'test', 'soc-pager', '--allow-local-types', ...here]
      const tested = await runCommand(test, '', environment)
      expect([tested.code, tested.err]).toEqual([0, ''])
      expect(tested.out).toMatch(/^soc-pager: delivered in \d+ ms: 201: created 4711\n$/)
      const [request] = receiver.requests
      expect(request).toMatchObject({ path: '/v1/alerts', headers: { authorization: 'Bearer tok' } })
      expect(JSON.parse(request!.body)).toMatchObject({ title: 'This is a Test Alert', severity: 'INFO' })
      receiver.expect(1)
    })
  })
})
