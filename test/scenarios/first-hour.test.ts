// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** A new user's first hour, from an empty folder, step by step as the docs have it. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const RULE = 'detections/rules/aws_root_login'
let receiver: Receiver
let root: string
const run = (...argv: string[]) => signalbox([...argv, '--project', root])
const change = (file: string, from: string, to: string) => {
  const path = join(root, file)
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
}

beforeAll(async () => {
  receiver = await startReceiver()
  root = makeProject({ 'signalbox.yaml': 'workers: 1\n' })
})
afterAll(() => receiver.close())

it('a repository, a destination and a rule', async () => {
  expect((await signalbox(['init', root])).code).toBe(0)
  writeFileSync(join(root, 'hook'), `${receiver.url}/hook\n`)
  const flags = '--type webhook --severity MEDIUM --option url=${file:hook} --send-test'
  receiver.expect(1)
  const added = await run('destinations', 'add', 'soc', ...flags.split(' '))
  expect([added.code, added.out]).toEqual([
    0,
    expect.stringMatching(/^added soc .*\nsoc: delivered in \d+ ms: 200: ok\n$/),
  ])
  expect((await run('new', 'rule', 'AWS.RootLogin', '--type', 'AWS.CloudTrail')).code).toBe(0)
  expect((await run('test')).code).toBe(1)
})

it('a test that expects one destination fails when a new destination also accepts the alert', async () => {
  const { out } = await run('test')
  expect(out).toContain('ExpectedDestinations')
  change('detections/rules/example_failed_login.yml', '[terminal]', '[terminal, soc]')
  expect((await run('test')).code).toBe(0)
})

it('explain names the reason of a severity and the destinations that accept it', async () => {
  const explained = await run('explain', '--detection', 'AWS.RootLogin', '--test', 'a failed login')
  expect(explained.code).toBe(0)
  expect(explained.out).toContain('the static severity is MEDIUM, accepted by terminal, soc')
  const drawn = await run('routes', '--graph', 'mermaid')
  expect(drawn.out).toContain('soc')
})

it('faults are found before they ship', async () => {
  expect((await run('validate')).code).toBe(0)
  appendFileSync(join(root, `${RULE}.py`), '\n\ndef destinations(event):\n    return ["sock"]\n')
  const { code, out } = await run('validate')
  expect(code).toBe(1)
  expect(out).toMatch(
    /aws_root_login\.py:\d+:\d+ error .*"sock".*\[unknown-destination\][\s\S]*did you mean "soc"\?/,
  )
  change(`${RULE}.py`, '"sock"', '"soc"')
  expect((await run('validate')).code).toBe(0)
})

it('a destination that is named stays, a rename is carried through', async () => {
  const refused = await run('destinations', 'remove', 'soc')
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('destinations() of AWS.RootLogin')])
  const renamed = await run('destinations', 'edit', 'soc', '--new-name', 'secops', '--update-references')
  expect(renamed.out).toContain('changed detections/rules/example_failed_login.yml')
  expect(renamed.err).toMatch(/aws_root_login\.py:\d+: destinations\(\) of AWS\.RootLogin/)
  change(`${RULE}.py`, '"soc"', '"secops"')
  expect((await run('validate')).code).toBe(0)
  expect((await run('test')).code).toBe(0)
})
