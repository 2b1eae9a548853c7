import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'

afterEach(() => void vi.useRealTimers())

it('a sleep longer than a timer can be does not end at once', async () => {
  vi.useFakeTimers()
  let isOver = false
  const abort = new AbortController()
  const slept = systemClock.sleep(30 * 86_400_000, abort.signal).then(() => {
    isOver = true
  })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(isOver).toBe(false)
  abort.abort()
  await slept
  expect(isOver).toBe(true)
})

it('a sleep until a time that has passed ends without a warning of Node', async () => {
  const warnings: string[] = []
  const note = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', note)
  await systemClock.sleep(-69_000)
  // Node emits a warning in a later turn than the one that causes it.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect(warnings).toEqual([])
})
