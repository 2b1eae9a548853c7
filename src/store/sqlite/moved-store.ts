/** The mark in a SQLite store that was copied to another place. A store that was moved accepts no writes. */
import { randomUUID } from 'node:crypto'
import { UserError } from '../../errors.ts'
import { type Driver, insert } from '../driver.ts'

interface CopyMark {
  /** The id of the copy, which the target has, too. */
  readonly id: string
  /** The place to which the store was moved; null: the copy was begun and not finished. */
  readonly movedTo: string | null
}

export function readCopyMark(driver: Driver): CopyMark | undefined {
  return driver.prepare<CopyMark>('SELECT id, moved_to AS movedTo FROM store_copy').get()
}

/** Called when a store is opened for writing: what is written from here on is not in a copy that was begun before. */
export function assertNotMoved(driver: Driver, location: string): void {
  const mark = readCopyMark(driver)
  if (mark === undefined) return
  if (mark.movedTo !== null) {
    throw new UserError(`the store ${location} was moved to ${mark.movedTo}`, {
      code: 'moved-store',
      hint: `use --store '${mark.movedTo}', with the parameters for its password`,
    })
  }
  driver.prepare('DELETE FROM store_copy WHERE moved_to IS NULL').run()
}

/** Returns the id of the copy that was begun, or begins one. */
export function beginCopy(driver: Driver): string {
  const mark = readCopyMark(driver)
  if (mark !== undefined) return mark.id
  const id = randomUUID()
  insert(driver, 'store_copy', { one: 1, id })
  return id
}

export function markAsMoved(driver: Driver, target: string): void {
  driver.prepare('UPDATE store_copy SET moved_to = :target').run({ target })
}
