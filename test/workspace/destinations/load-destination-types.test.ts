import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadTypes } from '../../../src/workspace/destinations/load-destination-types.ts'
import { makeProject } from '../../cli/project-on-disk.ts'
import { destination, registry } from '../../support/model.ts'

function loadLocal(source: string, allowed = true) {
  const root = makeProject({ 'sink.ts': source })
  return loadTypes(registry([destination('mine', { type: './sink.ts' })]), root, allowed)
}

describe('a local destination type', () => {
  it('is imported only where it is allowed', async () => {
    const sound = `export default { type: 'x', summary: '', options: {}, payload: () => ({}), send: async () => ({ message: '' }) }`
    expect([...(await loadLocal(sound)).keys()]).toEqual(['./sink.ts'])
    await expect(loadLocal('throw new Error("imported")', false)).rejects.toMatchObject({
      hint: expect.stringContaining('--allow-local-types') as unknown,
    })
  })

  it.each([
    ['a function', 'export default () => {}'],
    ['no way to send', 'export default { options: {} }'],
    ['a way to send without what is sent', 'export default { options: {}, send() {} }'],
    ['no options', 'export default { send() {} }'],
    ['nothing', 'export default null'],
    ['a request without answers', 'export default { options: {}, request() {} }'],
  ])(
    'a local destination type that exports %s is refused at the start, not at every delivery',
    async (_name, source) => {
      await expect(loadLocal(source)).rejects.toThrow(
        'the default export of ./sink.ts is not a destination type',
      )
    },
  )
})

it('types of disabled destinations are not loaded', async () => {
  const off = destination('off', { type: './nowhere.ts', enabled: false })
  expect((await loadTypes(registry([off]), join('/', 'nowhere'), false)).size).toBe(0)
})

describe('the options of a local type', () => {
  const SINK = `export default { type: 'x', summary: '', payload: () => ({}), send: async () => ({ message: '' }),
    options: { type: 'object', required: ['topic'], properties: { topic: { type: 'string', pattern: '^t' } }, additionalProperties: false } }`
  const load = (...options: object[]) => {
    const root = makeProject({ 'sink.ts': SINK })
    const each = options.map((given, i) =>
      destination(`mine-${i}`, { type: './sink.ts', options: { ...given } }),
    )
    return loadTypes(registry(each), root, true)
  }

  it.each([
    [{ topik: 'soc' }, /^destination "mine-1" of the local type \.\/sink\.ts: .*topi[ck]/],
    [{}, /topic/],
    [{ topic: 'soc' }, /topic/],
  ])('are checked for every destination of the type: %j', async (wrong, message) => {
    await expect(load({ topic: 't-soc' }, wrong)).rejects.toMatchObject({
      kind: 'user',
      message: expect.stringMatching(message) as unknown,
    })
  })

  it('may be references, whose values are checked when they are used', async () => {
    await load({ topic: '$' + '{env:TOPIC}' })
  })
})

it('a reload runs the new text of a local type', async () => {
  const text = (version: number) =>
    `export default { type: 'x', summary: 'v${version}', options: {}, payload: () => ({}), send: async () => ({ message: '' }) }`
  const root = makeProject({ 'sink.ts': text(1) })
  const load = async () => {
    const types = await loadTypes(registry([destination('mine', { type: './sink.ts' })]), root, true)
    return types.get('./sink.ts')?.summary
  }
  expect(await load()).toBe('v1')
  writeFileSync(join(root, 'sink.ts'), `${text(2)}\n`)
  expect(await load()).toBe('v2')
})
