import { expect, it } from 'vitest'
import { createCleanups } from '../../src/daemon/cleanups.ts'
import { recordingLog } from '../support/source.ts'

it('everything is stopped in reverse and once, also when a part of it fails to stop', async () => {
  const log = recordingLog()
  const stopped: string[] = []
  const cleanups = createCleanups(log)
  cleanups.add(async () => stopped.push('store'))
  cleanups.add(() => Promise.reject(new Error('stuck')))
  cleanups.add(async () => stopped.push('server'))
  await cleanups.run()
  await cleanups.run()
  expect(stopped).toEqual(['server', 'store'])
  expect(log.lines).toEqual([{ level: 'error', message: 'a part of the daemon could not be stopped' }])
})
