/** The events of one message of a broker: JSON lines, a list, one object or a container, plain or gzip. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { messageOf } from '../../errors.ts'
import type { FramedEvent, SourceContext, SourceSpec } from '../_source.ts'
import { excerptOf, type Frame, positionText, START_POSITION } from '../framing/frame.ts'
import { Framer, frameWhole } from '../framing/framer.ts'
import { isGzip } from '../framing/gunzip.ts'

const MAX_MESSAGE_EVENTS = 10_000
const inflate = promisify(gunzip)

export interface MessagePlace {
  /** The position of the message, for people. */
  readonly position: string
  /** The id of the log that contains the message. */
  readonly origin: string
}

export interface MessageRules {
  readonly unwrap: SourceSpec['unwrap']
  readonly limits: SourceContext['limits']
}

/** A message that is refused as a whole makes one event. An empty message has none. */
export async function messageEvents(
  data: Buffer,
  place: MessagePlace,
  { unwrap, limits }: MessageRules,
): Promise<readonly FramedEvent[]> {
  const refusal = (refused: string) => [{ ...place, raw: excerptOf(data), refused }]
  let plain = data
  if (isGzip(data)) {
    try {
      plain = await inflate(data, { maxOutputLength: limits.bodyBytes })
    } catch (cause) {
      const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
      return refusal(
        isTooLarge
          ? `the message exceeds ${limits.bodyBytes} bytes when it is unpacked`
          : `the gzip data is damaged: ${messageOf(cause)}`,
      )
    }
  }
  const framer = new Framer({ eventBytes: limits.eventBytes, unwrap }, START_POSITION)
  // Containers can hold more than the message itself, which was accepted by the broker.
  const maxChars = Math.max(limits.bodyBytes, plain.length)
  const frames = frameWhole(plain, framer, MAX_MESSAGE_EVENTS, maxChars)
  if (frames === null) {
    return refusal(
      `the message has more than ${MAX_MESSAGE_EVENTS} events, or ${maxChars} bytes of unwrapped events`,
    )
  }
  return frames.map((frame) => eventOf(frame, place, frames.length))
}

function eventOf(frame: Frame, { position, origin }: MessagePlace, count: number): FramedEvent {
  const { raw, refused } = frame
  const part = count === 1 ? '' : `, ${positionText(frame)}`
  return { raw, position: `${position}${part}`, origin, ...(refused !== undefined && { refused }) }
}
