import { expect, it } from 'vitest'
import { ByteBudget } from '../../../src/daemon/partitions/byte-budget.ts'
import type { TextReservation } from '../../../src/sources/_source.ts'

const never = new AbortController().signal

/** Reserves in the order of the names, and records who got space. */
function reserving(budget: ByteBudget) {
  const granted = new Map<string, TextReservation>()
  const asked = (name: string, bytes: number, signal = never) =>
    budget.reserve(bytes, signal).then((reservation) => void granted.set(name, reservation))
  return { granted, asked, settled: () => new Promise((resolve) => setImmediate(resolve)) }
}

it('grants space in the order of the calls, and never more than the limit', async () => {
  const budget = new ByteBudget(10)
  const { granted, asked, settled } = reserving(budget)
  void asked('a', 6)
  void asked('b', 6)
  void asked('c', 1)
  await settled()
  expect([[...granted.keys()], budget.used]).toEqual([['a'], 6])
  granted.get('a')!.release()
  await settled()
  expect([[...granted.keys()], budget.used]).toEqual([['a', 'b', 'c'], 7])
})

it('grants what exceeds the limit alone', async () => {
  const budget = new ByteBudget(10)
  const { granted, asked, settled } = reserving(budget)
  void asked('a', 1)
  void asked('large', 50)
  await settled()
  expect([...granted.keys()]).toEqual(['a'])
  granted.get('a')!.release()
  await settled()
  expect([[...granted.keys()], budget.used]).toEqual([['a', 'large'], 50])
})

it('a part of a reservation is freed by itself, and a second release frees nothing', async () => {
  const budget = new ByteBudget(10)
  const whole = await budget.reserve(8, never)
  const part = whole.take(3)
  const larger = whole.take(7)
  expect(budget.used).toBe(10)
  whole.release()
  expect(budget.used).toBe(10)
  part.release()
  part.release()
  expect(budget.used).toBe(7)
  larger.release()
  expect(budget.used).toBe(0)
})

it('who stops waiting holds up none of the others', async () => {
  const budget = new ByteBudget(10)
  const abort = new AbortController()
  const { granted, asked, settled } = reserving(budget)
  void asked('a', 4)
  void asked('stopped', 9, abort.signal)
  void asked('b', 5)
  await settled()
  expect([...granted.keys()]).toEqual(['a'])
  abort.abort()
  await settled()
  expect([[...granted.keys()].sort(), budget.used]).toEqual([['a', 'b', 'stopped'], 9])
  granted.get('stopped')!.release()
  expect(budget.used).toBe(9)
  await asked('too late', 1, abort.signal)
  expect(budget.used).toBe(9)
})
