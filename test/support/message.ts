/** A message on its way to a destination called `target`, and a way to hand it to a type that does not speak HTTP. */
import { buildMessage } from '../../src/delivery/message.ts'
import type { DestinationType, Message, Receipt, SendPorts } from '../../src/destinations/_destination.ts'
import { notificationJson } from '../../src/model/alert.ts'
import { draft, T0 } from './store-rows.ts'

export function testMessage(over: Partial<Message> = {}): Message {
  const notification = notificationJson(draft(), 'alert-1', T0, '')
  return { ...buildMessage({ notification, reference: '' }, 'target', 'd'.repeat(32), T0), ...over }
}

export function sendDirectly(
  type: DestinationType,
  message: Message,
  options: object,
  ports: Partial<SendPorts> = {},
): Promise<Receipt> {
  if (!('send' in type)) throw new Error(`${type.type} speaks HTTP`)
  const complete = { signal: new AbortController().signal, print: () => {}, projectRoot: '.', ...ports }
  return type.send(message, options as never, complete)
}
