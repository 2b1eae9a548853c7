/** Prometheus Alertmanager as a process that sends each alert on at once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { postTo } from './daemon-process.ts'
import type { Send } from './end-to-end.ts'

export interface RunningAlertmanager {
  readonly url: string
  stop(): Promise<void>
}

/** Each alert is a group of its own, and no group waits for others. */
function configuration(receiverUrl: string): string {
  return `route:
  receiver: receiver
  group_by: ['...']
  group_wait: 0s
  group_interval: 1m
  repeat_interval: 1h
receivers:
  - name: receiver
    webhook_configs:
      - url: ${receiverUrl}
        send_resolved: false
`
}

export async function startAlertmanager(
  command: string,
  folder: string,
  receiverUrl: string,
): Promise<RunningAlertmanager> {
  const file = join(folder, 'alertmanager.yml')
  writeFileSync(file, configuration(receiverUrl))
  const child = spawn(
    command,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      '--web.listen-address=127.0.0.1:0',
      '--cluster.listen-address=',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = once(child, 'exit')
  let text = ''
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${command} has ended: ${text}`)))
    createInterface(child.stderr).on('line', (line) => {
      text += `${line}\n`
      const found = /Listening on.*address=(127\.0\.0\.1:\d+)/.exec(line)
      if (found) resolve(found[1]!)
    })
  })
  return {
    url: `http://${address}`,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export function sendAlerts(url: string): Send {
  return (name) => {
    const alerts = [
      { labels: { alertname: name, severity: 'high' }, annotations: { text: 'x'.repeat(1_000) } },
    ]
    return { title: name, answer: postTo(`${url}/api/v2/alerts`, JSON.stringify(alerts)) }
  }
}
