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
