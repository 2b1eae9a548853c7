/** Fakes of SNS and SQS behind a server that checks every signature, and a fake of the metadata services. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startFauxqs } from 'fauxqs'
import { signatureFault } from './sigv4.ts'

export const KEY_ID = 'AKIAIOSFODNN7EXAMPLE'
export const SECRET = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY'

export interface AwsFake {
  readonly url: string
  readonly services: Awaited<ReturnType<typeof startFauxqs>>
  /** The faults of signatures in order; empty if all were valid. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

export async function startAws(secretOf: (keyId: string) => string = () => SECRET): Promise<AwsFake> {
  const services = await startFauxqs({ port: 0, logger: false })
  const faults: string[] = []
  const server = await listen(async (request, body) => {
    const { method = '', url = '', headers } = request
    const keyId = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
    const fault = signatureFault({ method, path: url, headers, body }, secretOf(keyId))
    if (fault) {
      faults.push(fault)
      return {
        status: 403,
        body: `<Error><Code>SignatureDoesNotMatch</Code><Message>${fault}</Message></Error>`,
      }
    }
    const passed = Object.entries(headers).filter(
      ([name]) => !['host', 'content-length', 'connection'].includes(name),
    )
    const answer = await fetch(`${services.address}${url}`, {
      method,
      headers: Object.fromEntries(passed) as Record<string, string>,
      body,
    })
    return { status: answer.status, body: await answer.text() }
  })
  const close = async () => {
    await server.close()
    await services.stop()
  }
  return { url: server.url, services, faults, close }
}

export interface Fake {
  readonly url: string
  close(): Promise<void>
}

export async function listen(
  answer: (
    request: IncomingMessage,
    body: string,
  ) => Promise<{ status: number; body: string; headers?: Record<string, string> }>,
): Promise<Fake> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void answer(request, Buffer.concat(chunks).toString()).then(({ status, body, headers }) => {
        response.writeHead(status, headers).end(body)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { url: `http://127.0.0.1:${port}`, close }
}
