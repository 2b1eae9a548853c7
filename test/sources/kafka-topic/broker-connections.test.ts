// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { nullLog } from '../../../src/model/ports.ts'
import { parseSourceSpec } from '../../../src/sources/_source-spec.ts'
import { parseBrokerSpec } from '../../../src/sources/broker/broker-spec.ts'
import { BrokerConnections } from '../../../src/sources/kafka-topic/broker-connections.ts'
import { manualClock } from '../../support/clock.ts'
import { startNameServer } from '../../support/server-names.ts'

const open = (query: string, revealed: Promise<unknown> = Promise.resolve()) => {
  const spec = parseSourceSpec(`kafka:127.0.0.1:9092/events?${query}`)
  const connections = new BrokerConnections(
    spec,
    parseBrokerSpec(spec, 'TOPIC', () => true),
  )
  const reveal = async (options: object) => {
    await revealed
    return { options: options as Record<string, string>, redact: (text: string) => text }
  }
  const context = { reveal, signal: new AbortController().signal, clock: manualClock(), log: nullLog }
  const connect = (host: string, port: number) =>
    connections.send({ host, port }, 'ask', context, () => Promise.resolve('sent'))
  return { connections, connect }
}
const connectTo = (host: string, query: string, port = 1) => open(query).connect(host, port)

it('a broker on this machine cannot name another machine to which a password goes without TLS', async () => {
  const refused = connectTo('kafka.example.com', 'sasl=plain&user=me&password=${env:P}')
  await expect(refused).rejects.toMatchObject({ kind: 'user', hint: 'set tls=true' })
  await expect(refused).rejects.toThrow('the sign-in would be sent to kafka.example.com without TLS')
})

it('on this machine a password needs no TLS', async () => {
  const refused = connectTo('127.0.0.1', 'sasl=plain&user=me&password=${env:P}')
  await expect(refused).rejects.toThrow(/connection refused/)
})

it('asks by TLS for the name of the broker, by which a proxy can choose a cluster', async () => {
  const server = await startNameServer()
  await expect(connectTo('localhost', 'tls=true', server.port)).rejects.toMatchObject({ kind: 'retryable' })
  await expect(connectTo('127.0.0.1', 'tls=true', server.port)).rejects.toMatchObject({ kind: 'retryable' })
  expect(server.names).toEqual(['localhost'])
  await server.close()
})

it('leaves no connection open that was not opened when the source was closed', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { promise: revealed, resolve: reveal } = Promise.withResolvers<void>()
  const { connections, connect } = open('', revealed)
  const connecting = connect('127.0.0.1', (server.address() as AddressInfo).port)
  connections.close()
  reveal()
  await expect(connecting).rejects.toMatchObject({ kind: 'retryable' })
  await new Promise((resolve) => server.close(resolve))
})
