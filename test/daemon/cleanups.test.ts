import { expect, it } from 'vitest'
import { createCleanups } from '../../src/daemon/cleanups.ts'
import { recordingLog } from '../support/source.ts'

it('every part is stopped once and in reverse order, even if one fails to stop', async () => {
  const log = recordingLog()
  const stopped: string[] = []
  const cleanups = createCleanups(log)
  cleanups.add('store', async () => stopped.push('store'))
  cleanups.add('engine', () => Promise.reject(new Error('stuck')))
  cleanups.add('server', async () => stopped.push('server'))
  await cleanups.run()
  await cleanups.run()
  expect(stopped).toEqual(['server', 'store'])
  expect(log.lines).toEqual([{ level: 'error', message: 'failed to stop a part of the daemon' }])
})

it('a part that never stops is logged by its name, and the other parts are stopped', async () => {
  const log = recordingLog()
  const stopped: string[] = []
  const cleanups = createCleanups(log, 1)
  cleanups.add('store', async () => stopped.push('store'))
  cleanups.add('engine', () => new Promise(() => {}))
  await cleanups.run()
  expect(stopped).toEqual(['store'])
  expect(log.lines).toEqual([{ level: 'error', message: 'a part of the daemon did not end in time' }])
})
