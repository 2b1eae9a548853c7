/** Finds the destinations that page people. A type of the project is not imported for it. */
import { loaderOf } from '../../core/catalog.ts'
import { DESTINATION_TYPES } from '../../destinations/_catalog.ts'
import type { Registry } from '../../model/project/destination.ts'

/** Returns their names. */
export async function pagingDestinations({ destinations }: Registry): Promise<ReadonlySet<string>> {
  const paging = await Promise.all(
    destinations.map(async ({ name, type }) => {
      const load = loaderOf(DESTINATION_TYPES, type)
      return load && (await load()).pages === true ? [name] : []
    }),
  )
  return new Set(paging.flat())
}
