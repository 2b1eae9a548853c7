/** Reveals the options of a destination, with a function that takes every secret out of a text. */
import type { OptionsSchema } from '../destinations/_destination.ts'
import type { RevealedOptions, Secrets } from '../model/ports.ts'
import { secretRedactor } from './http/redaction.ts'

/** References become their values. A literal of a secret option is redacted like the value of a reference. */
export async function revealOptions(
  secrets: Secrets,
  schema: OptionsSchema,
  given: Readonly<Record<string, unknown>>,
): Promise<RevealedOptions> {
  const { options, redact } = await secrets.reveal(given)
  const mask = secretRedactor(schema, options)
  return { options, redact: (text) => mask(redact(text)) }
}
