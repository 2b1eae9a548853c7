/** Turns filters into SQL: only fields that are set become conditions, and every value is a parameter. */
import type { Params } from '../driver.ts'

/** Returns the conditions that are set as a WHERE clause with its parameters. */
export function whereClause<K extends string>(
  conditions: { readonly [key in K]?: string | number },
  sql: Readonly<Record<K, string>>,
): { where: string; params: Params } {
  const set = (Object.keys(sql) as K[]).filter((key) => conditions[key] !== undefined)
  const params: Record<string, string | number> = {}
  for (const key of set) params[key] = conditions[key]!
  return { where: set.length > 0 ? `WHERE ${set.map((key) => sql[key]).join(' AND ')}` : '', params }
}
