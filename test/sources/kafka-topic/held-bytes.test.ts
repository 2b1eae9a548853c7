import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { HeldBytes } from '../../../src/sources/kafka-topic/held-bytes.ts'

it('lets wait what exceeds the limit, and serves in turn', async () => {
  const held = new HeldBytes(100)
  const served: string[] = []
  const take = (name: string, bytes: number) => held.take(bytes).then(() => served.push(name))
  await held.take(60)
  void take('large', 50)
  void take('small', 10)
  await setImmediate()
  expect(served).toEqual([])
  expect(held.isFree(1)).toBe(false)
  held.change(-60)
  await setImmediate()
  expect(served).toEqual(['large', 'small'])
})

it('holds what is larger than the limit, but nothing beside it', async () => {
  const held = new HeldBytes(100)
  await held.take(500)
  expect(held.isFree(1)).toBe(false)
  held.change(-500)
  expect(held.isFree(100)).toBe(true)
})
