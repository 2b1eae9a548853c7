/** `mcp` offers validate, test, explain, routes and replay as tools to agents and editors, over standard input and output. */
import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { defineCommand, EXIT_OK } from '../command/command.ts'
import { CommandRunner } from '../mcp/run-command.ts'

export default defineCommand({
  options: {},
  details:
    'A client starts this command and speaks the Model Context Protocol with it. The tools read the project and write nothing.',
  async run({ options, program }, io) {
    const { project = '.', destinations, silences, pythonPath, envFile } = options
    const named = { project, destinations, silences, 'env-file': envFile }
    const commonOptions = [
      ...Object.entries(named).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}=${value}`],
      ),
      ...pythonPath.map((path) => `--python-path=${path}`),
      '--no-color',
    ]
    const { serveMcp } = await import('../mcp/serve.ts')
    await serveMcp({
      input: io.stdin as Readable,
      output: io.stdout as Writable,
      root: resolve(project),
      commonOptions,
      runner: new CommandRunner(program),
    })
    return EXIT_OK
  },
})
