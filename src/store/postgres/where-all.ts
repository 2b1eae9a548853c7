/** Turns filters into SQL: only values that are set become conditions, and every value is a parameter. */

type Value = string | number | readonly string[]

/**
 * @param conditions SQL with one `?` for the value.
 * @param given the number of parameters before these.
 */
export function whereAll(
  conditions: readonly (readonly [string, Value | undefined])[],
  given = 0,
): {
  readonly where: string
  readonly parameters: readonly Value[]
} {
  const parameters: Value[] = []
  const parts: string[] = []
  for (const [sql, value] of conditions) {
    if (value === undefined) continue
    parameters.push(value)
    parts.push(sql.replace('?', `$${given + parameters.length}`))
  }
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', parameters }
}
