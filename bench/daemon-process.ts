/** A project and the process `run` over a store on disk, for the benchmarks that measure the whole program. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const RULES = 20
export const LOG_TYPE = 'Bench.Event'
const DRAIN = ['--drain-timeout', '60s', '--log-level', 'error']

/** Each rule matches events that name it, so that no detection reaches the limit of alerts per hour. */
export function writeProject(folder: string, url: string): void {
  mkdirSync(join(folder, 'rules'), { recursive: true })
  writeFileSync(join(folder, 'signalbox.yaml'), 'workers: 1\n')
  writeFileSync(
    join(folder, 'destinations.yaml'),
    `version: 1\ndestinations:\n  - name: receiver\n    type: webhook\n    severities: [HIGH]\n    concurrency: 64\n    options:\n      url: ${url}\n`,
  )
  for (let rule = 0; rule < RULES; rule++) {
    const body = `def rule(event):\n    return event.get("rule") == ${rule}\n\n\ndef title(event):\n    return event.get("id")\n`
    writeFileSync(join(folder, 'rules', `rule_${rule}.py`), body)
    writeFileSync(
      join(folder, 'rules', `rule_${rule}.yml`),
      `AnalysisType: rule\nRuleID: Bench.Rule${rule}\nFilename: rule_${rule}.py\nEnabled: true\nLogTypes: [${LOG_TYPE}]\nSeverity: High\n`,
    )
  }
}

/** About 1.2 kB, as an event of CloudTrail has. */
export function eventOf(id: string, rule: number | null): string {
  return JSON.stringify({ id, rule, user: { name: 'ann', session: 'x'.repeat(1_000) }, source: '192.0.2.1' })
}

export function signalbox(checkout: string, project: string, args: readonly string[]): ChildProcess {
  const command = [join(checkout, 'bin', 'signalbox.cjs'), 'run', '--project', project, ...DRAIN, ...args]
  return spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] })
}

export function ended(child: ChildProcess): Promise<void> {
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}: ${errors}`))))
  })
}

export interface RunningDaemon {
  readonly url: string
  stop(): Promise<void>
}

export async function startDaemon(checkout: string, project: string): Promise<RunningDaemon> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const from = `http://127.0.0.1:${port}?logType=${LOG_TYPE}`
  const child = signalbox(checkout, project, ['--from', from, '--store', 'sqlite:http.db'])
  const end = ended(child)
  end.catch(() => {})
  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) await end
    await sleep(50)
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await end
    },
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

export function post(url: string, body: string): Promise<void> {
  return postTo(`${url}/events`, body)
}

export function postTo(address: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request(address, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 202 || response.statusCode === 200) resolve()
        else reject(new Error(`the daemon answered ${response.statusCode}`))
      })
    })
    sent.on('error', reject).end(body)
  })
}
