/** `ready` asks a running daemon whether it accepts events, for health checks of containers and for scripts. */
import { escapeForTerminal } from '../../reporters/parts/terminal-text.ts'
import { awaitReadiness, readAuthorities, readinessUrl } from '../../workspace/daemons/daemon-readiness.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { durationMs } from '../command/duration.ts'
import { FORMAT, parsed, text } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { jsonDocument } from '../command/store-session.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'
const DEFAULT_TIMEOUT_MS = 3_000

export default defineCommand({
  arguments: { '[url]': `address of the daemon; default: ${DEFAULT_URL}` },
  options: {
    timeout: parsed('--timeout <time>', 'time to wait for one answer; default: 3s', durationMs),
    wait: parsed('--wait <time>', 'ask again until the daemon is ready, at most for this time', durationMs),
    ca: text('--ca <file>', 'PEM file of the authorities that an https: address is checked against'),
    format: FORMAT,
  },
  run: async ({ args: [address = DEFAULT_URL], options }, io) => {
    const { timeout = DEFAULT_TIMEOUT_MS, wait = 0, ca, format } = options
    const session = openSession(options, io)
    const query = {
      url: readinessUrl(address),
      timeoutMs: timeout,
      ...(ca !== undefined && { ca: readAuthorities(ca) }),
    }
    const { ok, reasons } = await awaitReadiness(query, wait)
    if (format === 'json') session.print(jsonDocument({ ready: ok, reasons }))
    else if (ok) session.print('ready\n')
    else session.print(`not ready: ${reasons.map(escapeForTerminal).join('; ')}\n`)
    return ok ? EXIT_OK : EXIT_FAILED
  },
})
