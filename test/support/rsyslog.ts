/** A real syslog server: rsyslog, which prints each message that it receives over TCP as its own parser understands it. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.ts'

/** A message as rsyslog understands it. */
export interface SyslogOfRsyslog {
  readonly time: string
  readonly protocol: string
  readonly severity: string
  readonly facility: string
  readonly app: string
  readonly kind: string
  /** Structured data by SD-ID; rsyslog lowers all names. */
  readonly data: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly text: string
}

/** Receives the one message that `send` sends to the port. */
export async function receiveByRsyslog(send: (port: number) => Promise<unknown>): Promise<SyslogOfRsyslog> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-rsyslog-'))
  const [config, port, output] = ['config', 'port', 'output'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(config, configuration(folder, port, output))
  const server = spawn('rsyslogd', ['-n', '-f', config, '-i', join(folder, 'pid')], { stdio: 'ignore' })
  try {
    await until(() => existsSync(port) && readFileSync(port, 'utf8').trim() !== '')
    // The file is there before the server listens.
    await until(() => accepts(Number(readFileSync(port, 'utf8'))))
    await send(Number(readFileSync(port, 'utf8')))
    await until(() => existsSync(output) && readFileSync(output, 'utf8').endsWith('\n'))
    const { data, ...fields } = JSON.parse(readFileSync(output, 'utf8')) as { data: string }
    return { ...fields, data: JSON.parse(data) } as SyslogOfRsyslog
  } finally {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill()
    await ended
    rmSync(folder, { recursive: true })
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.end()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function configuration(folder: string, port: string, output: string): string {
  const properties = {
    protocol: 'protocol-version',
    severity: 'syslogseverity',
    facility: 'syslogfacility',
    app: 'app-name',
    kind: 'msgid',
    data: '$!rfc5424-sd',
    text: 'msg',
  }
  const fields = Object.entries(properties).map(
    ([field, name]) => `property(outname="${field}" name="${name}" format="jsonf")`,
  )
  return `
    global(workDirectory="${folder}" maxMessageSize="128k")
    module(load="imtcp")
    module(load="mmpstrucdata")
    template(name="read" type="list" option.jsonf="on") {
      property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
      ${fields.join('\n      ')}
    }
    input(type="imtcp" port="0" address="127.0.0.1" listenPortFileName="${port}" ruleset="all")
    ruleset(name="all") {
      action(type="mmpstrucdata")
      action(type="omfile" file="${output}" template="read")
    }
  `
}
