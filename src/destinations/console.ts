/** Writes each alert to the standard output of the process: one JSON line, or one for people. */
import type { Notification } from '../model/alert.ts'
import { defineDestination } from './_destination.ts'
import { deliveryLine } from './_line.ts'

interface ConsoleOptions {
  readonly format?: 'json' | 'text'
}

export default defineDestination<ConsoleOptions>({
  type: 'console',
  summary: 'one line per alert on standard output',
  options: {
    type: 'object',
    properties: {
      format: {
        enum: ['json', 'text'],
        default: 'json',
        description:
          '`json` writes the whole notification, `text` its severity, title and detection for people.',
      },
    },
    additionalProperties: false,
  },
  async send(message, { format = 'json' }, { print }) {
    print(format === 'json' ? deliveryLine(message) : textLine(message.destination, message.notification))
    return { message: 'printed' }
  },
})

/** Control characters could rewrite what the terminal shows, so they are not printed. */
function textLine(destination: string, { severity, title, id }: Notification): string {
  return `[${destination}] ${severity} ${title} (${id})`.replace(/\p{Cc}+/gu, ' ')
}
