/** A real `nats-server` with JetStream that a test can end and start again on the same port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JetStreamManager, jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { until } from './until.ts'

export interface NatsServer {
  readonly port: number
  /** A manager of streams; its connection lasts until the server ends. */
  manager(): Promise<JetStreamManager>
  addStream(config: Partial<StreamConfig> & { readonly name: string }): Promise<void>
  publish(subject: string, texts: readonly (string | Uint8Array)[]): Promise<void>
  end(): Promise<void>
  startAgain(): Promise<void>
  close(): Promise<void>
}

/** @param hasJetStream false: a server that keeps no streams. */
export async function startNatsServer(token?: string, hasJetStream = true): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-nats-'))
  let server: ChildProcess
  let connection: NatsConnection | null = null
  const launch = async (port: string) => {
    // -1: the server chooses a free port and writes it into a file of this folder.
    const address = ['-a', '127.0.0.1', '-p', port, '--ports_file_dir', folder]
    const storage = hasJetStream ? ['-js', '-sd', join(folder, 'jetstream')] : []
    const signIn = token === undefined ? [] : ['--auth', token]
    const child = spawn('nats-server', [...address, ...storage, ...signIn], {
      stdio: 'ignore',
    })
    const file = join(folder, `nats-server_${child.pid}.ports`)
    await until(() => existsSync(file) && readFileSync(file, 'utf8').trim().endsWith('}'))
    const { nats: urls } = JSON.parse(readFileSync(file, 'utf8')) as { nats: string[] }
    server = child
    return Number(new URL(urls[0]!).port)
  }
  const end = async () => {
    await connection?.close()
    connection = null
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await ended
  }
  const port = await launch('-1')
  const open = async () => {
    const options = { servers: `127.0.0.1:${port}`, ...(token !== undefined && { token }) }
    await until(async () => {
      connection ??= await connect(options).catch(() => null)
      return connection
    })
    return connection!
  }
  const manager = async () => jetstreamManager(await open())
  return {
    port,
    manager,
    addStream: async (config) => {
      const { streams } = await manager()
      await streams.add(config)
    },
    publish: async (subject, texts) => {
      const client = (await manager()).jetstream()
      for (const text of texts) await client.publish(subject, text)
    },
    end,
    startAgain: async () => void (await launch(String(port))),
    close: async () => {
      await end()
      rmSync(folder, { recursive: true })
    },
  }
}
