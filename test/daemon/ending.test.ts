/** The end of a run has one deadline. */
import { expect, it } from 'vitest'
import { createEnding } from '../../src/daemon/ending.ts'
import { recordingLog } from '../support/source.ts'

const LEFT = { level: 'error', message: 'a part of the daemon did not end in time' }

it('a part has no time limit until the end has begun', async () => {
  const log = recordingLog()
  const ending = createEnding(1, log)
  const source = Promise.withResolvers<void>()
  const waited = ending.wait('file:x', source.promise)
  await new Promise((resolve) => setTimeout(resolve, 20))
  source.resolve()
  await waited
  expect(ending.remainingMs()).toBe(1)
  expect(log.lines).toEqual([])
})

it('a part that has not ended in the drain time is abandoned and logged, and so is one that is waited for later', async () => {
  const log = recordingLog()
  const ending = createEnding(1, log)
  const never = new Promise(() => {})
  const waited = ending.wait('file:x', never)
  ending.begin()
  await waited
  await ending.wait('correlation', never)
  expect(ending.remainingMs()).toBe(0)
  expect(log.lines).toEqual([LEFT, LEFT])
})

it('a part that has ended is not logged, and its failure is passed on', async () => {
  const log = recordingLog()
  const ending = createEnding(60_000, log)
  ending.begin()
  await ending.wait('stdin', Promise.resolve())
  await expect(ending.wait('file:x', Promise.reject(new Error('not readable')))).rejects.toThrow(
    'not readable',
  )
  expect(log.lines).toEqual([])
})
