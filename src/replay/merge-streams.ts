/** Merges the events of several streams in the order of their times. */
import type { EvaluatedStream, TimedEvent } from './evaluated-stream.ts'

const MAX_CHUNK_EVENTS = 500

export interface MergedEvents {
  readonly events: readonly TimedEvent[]
  /** The number of events of each stream that are in this chunk or an earlier one. */
  readonly counts: readonly number[]
}

export async function* mergeStreams(
  streams: readonly EvaluatedStream[],
  alreadyRead: readonly number[],
): AsyncGenerator<MergedEvents> {
  const counts = [...alreadyRead]
  let open = streams.map((stream, index) => ({ stream, index }))
  for (;;) {
    const filled = await Promise.all(open.map(({ stream }) => stream.fill()))
    open = open.filter((_, i) => filled[i])
    if (open.length === 0) return
    const events: TimedEvent[] = []
    while (events.length < MAX_CHUNK_EVENTS && open.every(({ stream }) => stream.head !== null)) {
      const first = open.reduce((a, b) => (b.stream.mergeAt < a.stream.mergeAt ? b : a))
      const event = first.stream.take()
      counts[first.index] = event.count
      events.push(event)
    }
    yield { events, counts: [...counts] }
  }
}
