/** Strikes one blow after the other while events flow: every kind equally often, in a random order. */
import { until } from '../../support/until.ts'
import { pause } from '../producers.ts'
import { BLOWS, type Blow, type BlowTargets } from './blows.ts'

export interface BlowSchedule {
  /** Blows by kind. */
  readonly counts: ReadonlyMap<string, number>
  /** Resolves when no blow is under way. */
  run(isOver: () => boolean): Promise<void>
}

export interface ScheduleSettings {
  /** The names of the kinds that strike. */
  readonly kinds: readonly string[]
  readonly maxBlows: number
  /** A blow follows the one before after this time, if a daemon is free for it. */
  readonly blowEveryMs: number
  readonly onBlow: (name: string) => void
}

export function createBlowSchedule(targets: BlowTargets, settings: ScheduleSettings): BlowSchedule {
  const kinds = BLOWS.filter(({ name }) => settings.kinds.includes(name))
  const counts = new Map(kinds.map(({ name }) => [name, 0]))
  const underWay = new Set<Promise<void>>()
  const hit = new Set<string>()
  const failures: unknown[] = []
  let bag: Blow[] = []
  let struck = 0

  const next = (): Blow | undefined => {
    if (bag.length === 0) bag = shuffled(kinds, targets.random)
    const hasFreeSlot = targets.slots.some((slot) => slot.isFree())
    const at = bag.findIndex(({ target }) => (target === 'daemon' ? hasFreeSlot : !hit.has(target)))
    return at < 0 ? undefined : bag.splice(at, 1)[0]
  }

  const strike = async (blow: Blow): Promise<void> => {
    const free = targets.slots.filter((slot) => slot.isFree())
    const slot = free[Math.floor(targets.random() * free.length)] ?? targets.slots[0]!
    const proxy = targets.proxies[targets.slots.indexOf(slot)]!
    if (blow.target === 'daemon') slot.isBusy = true
    else hit.add(blow.target)
    try {
      await blow.strike(targets, slot, proxy)
    } catch (error) {
      failures.push(error)
    } finally {
      if (blow.target === 'daemon') slot.isBusy = false
      else hit.delete(blow.target)
    }
  }

  return {
    counts,
    async run(isOver) {
      while (!isOver() && struck < settings.maxBlows && failures.length === 0) {
        const blow = next()
        if (blow) {
          struck++
          counts.set(blow.name, counts.get(blow.name)! + 1)
          settings.onBlow(blow.name)
          const done = strike(blow)
          underWay.add(done)
          void done.then(() => underWay.delete(done))
        }
        await pause(settings.blowEveryMs)
      }
      await until(() => underWay.size === 0, { timeoutMs: 300_000, what: 'the end of the last blow' })
      if (failures.length > 0) throw failures[0]
    },
  }
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
