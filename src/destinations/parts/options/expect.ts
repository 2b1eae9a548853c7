/** The option `expect`: what a success is, for types whose receiver decides what it answers. */
import type { Success } from '../../_destination.ts'

export type Expectation = Pick<Success, 'status' | 'contentType' | 'json'>

export const EXPECT_SCHEMA = {
  type: 'object',
  minProperties: 1,
  examples: [{ status: [200], json: { ok: true } }],
  description:
    'What a success is, where the receiver can say. Without it every 2xx that is not an HTML page counts. See [expect](../destinations.md#expect).',
  properties: {
    status: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'integer', minimum: 200, maximum: 299 },
      description: 'The statuses of a success.',
    },
    contentType: {
      type: 'string',
      minLength: 1,
      description: 'The beginning of the content type. With `text/html`, a page is accepted.',
    },
    json: {
      type: 'object',
      minProperties: 1,
      additionalProperties: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
      description: 'Values of the JSON body by their paths, for example `result.ok`.',
    },
  },
  additionalProperties: false,
} as const

/** The success of a receiver that only the user knows. */
export function expectedSuccess({ expect = {} }: { readonly expect?: Expectation }): readonly Success[] {
  return [expect]
}
