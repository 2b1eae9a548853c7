/** Builds the line that `console` and `file` write: stable JSON with the unchanged text of the notification. */
import type { JsonText } from '../../core/exact-json.ts'
import type { Message } from '../_destination.ts'

export function deliveryLine({ destination, at, json }: Message): JsonText {
  const head = `"destination":${JSON.stringify(destination)},"deliveredAt":"${new Date(at).toISOString()}"`
  // Raw line breaks can only be between tokens of JSON.
  return `{${head},"notification":${json.replace(/[\r\n]+/g, ' ')}}`
}
