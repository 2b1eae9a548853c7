/** What a web page in a browser on this machine gets from the daemon itself, started as a user starts it. */
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
let daemon: DaemonProcess

beforeAll(async () => {
  const root = makeProject({
    'r.yml': 'AnalysisType: rule\nRuleID: R\nFilename: r.py\nEnabled: true\nLogTypes: [A]\nSeverity: High\n',
    'r.py': 'def rule(event):\n    return False\n',
    '.env': '',
    'destinations.yaml':
      'version: 1\nfallback: [out]\ndestinations: [{ name: out, type: console, severities: [HIGH] }]\n',
  })
  daemon = startDaemonProcess(REPOSITORY, root)
  await untilReady(daemon)
})
afterAll(() => daemon.kill('SIGTERM'))

function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(daemon.url)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers }, (response) => {
      let text = ''
      response.on('data', (bytes: Buffer) => {
        text += bytes.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on('error', reject)
    asked.end(method === 'POST' ? '{"p_log_type":"A"}' : undefined)
  })
}

const EVERYTHING = [
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['GET', '/metrics'],
  ['HEAD', '/metrics'],
  ['GET', '/nothing'],
  ['POST', '/events'],
] as const

describe('[SEC-3.2] a web page', () => {
  it.each(EVERYTHING)(
    'a web page that pointed its own name at this machine learns nothing by %s %s',
    async (method, path) => {
      const { status, text } = await ask(method, path, {
        host: 'rebound.example',
        'sec-fetch-site': 'same-origin',
      })
      expect(status).toBe(421)
      expect(text).not.toMatch(/signalbox_|ok|accepted":1/)
    },
  )

  it.each(EVERYTHING)('a web page of another site gets nothing by %s %s', async (method, path) => {
    const { status, text } = await ask(method, path, { host: 'localhost', 'sec-fetch-site': 'cross-site' })
    expect(status).toBe(403)
    expect(text).not.toMatch(/signalbox_|"ok"|accepted":1/)
  })

  it('a web page in an older browser, which sends no Sec-Fetch-Site, cannot post', async () => {
    expect((await ask('POST', '/events', { host: 'localhost', origin: 'null' })).status).toBe(403)
  })
})

it('[SEC-3.2] a program on this machine is answered, so that the refusals above are no accident', async () => {
  expect((await ask('GET', '/healthz', {})).status).toBe(200)
  expect((await ask('POST', '/events', {})).status).toBe(202)
})
