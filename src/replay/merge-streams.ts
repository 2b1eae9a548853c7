/** Merges the events of several streams in the order of their times. */
import type { EvaluatedStream, StreamPosition, TimedEvent } from './evaluated-stream.ts'

const MAX_CHUNK_EVENTS = 500

export interface MergedEvent {
  readonly event: TimedEvent
  /** The position of each stream behind this event. */
  readonly positions: readonly StreamPosition[]
}

export async function* mergeStreams(
  streams: readonly EvaluatedStream[],
): AsyncGenerator<readonly MergedEvent[]> {
  let positions = streams.map(({ position }) => position)
  let open = streams.map((stream, index) => ({ stream, index }))
  for (;;) {
    const filled = await Promise.all(open.map(({ stream }) => stream.fill()))
    open = open.filter((_, i) => filled[i])
    if (open.length === 0) return
    const events: MergedEvent[] = []
    while (events.length < MAX_CHUNK_EVENTS && open.every(({ stream }) => stream.head !== null)) {
      const first = open.reduce((a, b) => (b.stream.mergeAt < a.stream.mergeAt ? b : a))
      const event = first.stream.take()
      positions = positions.with(first.index, first.stream.position)
      events.push({ event, positions })
    }
    yield events
  }
}
