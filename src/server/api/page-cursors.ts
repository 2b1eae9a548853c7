/** Cursors of pages: the place of the last alert, which a client gives back as it is. */
import { ApiProblem } from './api-problems.ts'

const MAX_PLACE = 2n ** 63n - 1n

export function cursorOf(place: string | null): string | null {
  return place === null ? null : Buffer.from(`a${place}`).toString('base64url')
}

/** @throws ApiProblem for a text that no page has given. */
export function placeOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const place = /^a(\d{1,19})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]
  if (place !== undefined && BigInt(place) <= MAX_PLACE) return place
  throw new ApiProblem({
    status: 422,
    code: 'invalid-cursor',
    title: 'the cursor is not one that a page has given',
    hint: 'give `next` of the page before, or no cursor for the first page',
  })
}
