import { expect, it } from 'vitest'
import { createCleanups } from '../../src/daemon/cleanups.ts'
import { recordingLog } from '../support/source.ts'

it('everything is stopped in reverse and once, also when a part of it fails to stop', async () => {
  const log = recordingLog()
  const stopped: string[] = []
  const cleanups = createCleanups(log)
  cleanups.add('store', async () => stopped.push('store'))
  cleanups.add('engine', () => Promise.reject(new Error('stuck')))
  cleanups.add('server', async () => stopped.push('server'))
  await cleanups.run()
  await cleanups.run()
  expect(stopped).toEqual(['server', 'store'])
  expect(log.lines).toEqual([{ level: 'error', message: 'a part of the daemon could not be stopped' }])
})

it('a part that never stops is left behind by its name, and the others are stopped', async () => {
  const log = recordingLog()
  const stopped: string[] = []
  const cleanups = createCleanups(log, 1)
  cleanups.add('store', async () => stopped.push('store'))
  cleanups.add('engine', () => new Promise(() => {}))
  await cleanups.run()
  expect(stopped).toEqual(['store'])
  expect(log.lines).toEqual([
    { level: 'error', message: 'a part of the daemon did not end in time and is left behind' },
  ])
})
