/** Chooses which errors of a JSON Schema's check are reported. */
import type { ErrorObject } from 'ajv'

/**
 * Drops errors of `oneOf` branches and key names, because their parent's error is clearer, and what a value of a wrong
 * type does not contain.
 */
export function clearErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  const own = errors.filter(
    ({ schemaPath, propertyName }) =>
      propertyName === undefined && !/\/(?:oneOf|anyOf)\/\d+\//.test(schemaPath),
  )
  const mistyped = new Set(own.filter(({ keyword }) => keyword === 'type').map((error) => error.instancePath))
  return own.filter(
    ({ keyword, instancePath }) => !['oneOf', 'anyOf'].includes(keyword) || !mistyped.has(instancePath),
  )
}
