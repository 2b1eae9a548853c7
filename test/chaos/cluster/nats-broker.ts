/** A real JetStream server whose subjects are the partitions. */
import { startNatsServer } from '../../support/nats-server.ts'
import type { BrokerEvent, EventBroker } from './event-broker.ts'

const STREAM = 'EVENTS'
const READ_MESSAGES = 1_000
const RETRY_DELAY_MS = 200

export async function startNatsBroker(partitions: number): Promise<EventBroker> {
  const server = await startNatsServer()
  await server.addStream({ name: STREAM, subjects: ['ev.>'] })
  const client = async () => (await server.manager()).jetstream()

  const publishOnce = async (events: readonly BrokerEvent[]) => {
    const jetstream = await client()
    // The server recognizes what it has stored already by the id of the message.
    await Promise.all(
      events.map(({ id, partition, text }) =>
        jetstream.publish(`ev.${partition}.e`, text, { msgID: String(id), timeout: 10_000 }),
      ),
    )
  }
  return {
    source: `nats:127.0.0.1:${server.port}/${STREAM}?subject=ev.{0-${partitions - 1}}.>&start=earliest`,
    publish: async (events) => {
      for (;;) {
        try {
          return await publishOnce(events)
        } catch {
          await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
        }
      }
    },
    restart: async () => {
      await server.end()
      await server.startAgain()
    },
    readBack: async (onText) => {
      const manager = await server.manager()
      const { state } = await manager.streams.info(STREAM)
      const consumer = await (await client()).consumers.get(STREAM)
      for (let last = 0; last < state.last_seq; ) {
        for await (const message of await consumer.fetch({ max_messages: READ_MESSAGES })) {
          onText(message.string())
          last = message.seq
          if (last >= state.last_seq) break
        }
      }
      await consumer.delete().catch(() => {})
    },
    close: () => server.close(),
  }
}
