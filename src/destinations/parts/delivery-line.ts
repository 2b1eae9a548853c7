/** The line that `console` and `file` write: stable JSON, the notification's text put in as it is. */
import type { JsonText } from '../../core/exact-json.ts'
import type { Message } from '../_destination.ts'

export function deliveryLine({ destination, at, json }: Message): JsonText {
  const head = `"destination":${JSON.stringify(destination)},"deliveredAt":"${new Date(at).toISOString()}"`
  // Raw line breaks can only stand between tokens of JSON.
  return `{${head},"notification":${json.replace(/[\r\n]+/g, ' ')}}`
}
