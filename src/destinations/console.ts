/** Writes each alert to the standard output of the process: one JSON line, or one for people. */
import { defineDestination, type Message } from './_destination.ts'
import { deliveryLine } from './parts/delivery-line.ts'

interface ConsoleOptions {
  readonly format?: 'json' | 'text'
}

export default defineDestination<ConsoleOptions, { line: string }>({
  type: 'console',
  summary: 'one line per alert on standard output',
  templates: [],
  digest: 'json',
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
  outcomes: {
    delivered: 'the process has passed the line on to the terminal, the file or the pipe',
    faults: [],
    retried: 'the reader of a pipe reads nothing for 30 seconds',
  },
  payload(message, { format = 'json' }) {
    return { line: format === 'json' ? deliveryLine(message) : textLine(message) }
  },
  async send({ line }, _options, { print }) {
    await print(line)
    return { message: 'printed' }
  },
})

/** Control characters could rewrite what the terminal shows, so they are not printed. */
function textLine({ destination, title, notification: { severity, id } }: Message): string {
  return `[${destination}] ${severity} ${title} (${id})`.replace(/\p{Cc}+/gu, ' ')
}
