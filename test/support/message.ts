/** Messages for a destination called `target`: a plain one, a rich one, the smallest and the largest possible one. */
import { buildMessage } from '../../src/delivery/delivery-message.ts'
import type { DestinationType, Message, Receipt, SendPorts } from '../../src/destinations/_destination.ts'
import { type AlertDraft, notificationJson } from '../../src/model/alerts/alert.ts'
import {
  EMPTY_ALERT,
  longAlert,
  SAMPLE_ALERT,
} from '../../src/workspace/destination-contract/contract-alerts.ts'
import { draft, T0 } from './store-rows.ts'

const OCCASION = { destination: 'target', deliveryId: 'd'.repeat(32), at: T0, repeated: false }

export function testMessage(over: Partial<Message> = {}): Message {
  return { ...messageOf({}, ''), ...over }
}

export function messageOf(
  over: Partial<AlertDraft>,
  link: string,
  occasion: Partial<typeof OCCASION> = {},
): Message {
  const alert = draft(over)
  const notification = notificationJson(alert, 'a1e27ab1e0fa11ed5b1eda0d0be5ca1e', T0, link)
  return buildMessage({ notification, reference: alert.reference }, { ...OCCASION, ...occasion })
}

/** The alert of the docs pages: every field says something. */
export function sampleMessage(destination: string): Message {
  const deliveryId = '5f0c9b1d7e8a4c36b2f19d05a7c4e683'
  const link = 'https://soc.example.com/alerts/a1e27ab1e0fa11ed5b1eda0d0be5ca1e'
  return messageOf(SAMPLE_ALERT, link, { destination, deliveryId })
}

/** Every part that may be empty is empty. */
export function leastMessage(): Message {
  return messageOf(EMPTY_ALERT, '')
}

/** The texts have the greatest length that the pipeline allows, or more. */
export function mostMessage(over: Partial<AlertDraft> = {}): Message {
  return messageOf({ ...longAlert(), ...over }, 'https://soc.example.com/a?b=1&c=2')
}

export function sendDirectly(
  type: DestinationType,
  message: Message,
  options: object,
  ports: Partial<SendPorts> = {},
): Promise<Receipt> {
  if (!('send' in type)) throw new Error(`${type.type} speaks HTTP`)
  const complete = {
    signal: new AbortController().signal,
    print: async () => {},
    projectRoot: '.',
    http: async () => {
      throw new Error('no HTTP expected')
    },
    ...ports,
  }
  const payload = type.payload(message, options as never)
  return type.send(payload as never, options as never, complete)
}
