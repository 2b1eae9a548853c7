/** The option `headers`: headers that the user adds, for example for authentication. */
import { file } from '../../_options.ts'

const PLAIN = { type: 'string', secret: false, description: 'A form of content, which is no secret.' }

export function headersSchema(description: string): object {
  return {
    type: 'object',
    secret: true,
    examples: [{ 'X-Key': file('secrets/soc-key') }],
    propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
    properties: { 'Content-Type': PLAIN, Accept: PLAIN },
    additionalProperties: { type: 'string' },
    description,
  }
}

/** Lower-case names, so that a header of the type is replaced and not repeated. */
export function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
