/** Serves the tools by the Model Context Protocol, over a pair of streams. */
import type { Readable, Writable } from 'node:stream'
import { type CallToolResult, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { isError, messageOf } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { EXIT_UNUSABLE } from '../command/command.ts'
import { type CommandRunner, MAX_OUTPUT_CHARS } from './run-command.ts'
import { TOOLS, type Tool } from './tools.ts'

const INSTRUCTIONS =
  'Detections of a security team: YAML metadata with a Python body, destinations in destinations.yaml. Each tool is a command of Signalbox and returns its JSON. Nothing is written, and no alert is sent.'

export interface McpOptions {
  readonly input: Readable
  readonly output: Writable
  readonly root: string
  /** Options that each command gets, such as `--project`. */
  readonly commonOptions: readonly string[]
  readonly runner: CommandRunner
}

/** Resolves when the client has closed its side. */
export async function serveMcp(options: McpOptions): Promise<void> {
  const { input, output } = options
  const closed = new Promise<void>((resolve) => {
    input.once('end', resolve)
    input.once('close', resolve)
  })
  const transport = new StdioServerTransport(input, output)
  const handle = serveStdio(() => createServer(options), { transport })
  await closed
  await handle.close()
}

function createServer(options: McpOptions): McpServer {
  const server = new McpServer(
    { name: 'signalbox', version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  )
  for (const tool of TOOLS) {
    const { name, title, description, input } = tool
    const inputSchema = fromJsonSchema<unknown>(input as Parameters<typeof fromJsonSchema>[0])
    const annotations = { readOnlyHint: true, openWorldHint: false }
    server.registerTool(name, { title, description, inputSchema, annotations }, (given, { mcpReq }) =>
      callTool(tool, given, options, mcpReq.signal),
    )
  }
  return server
}

async function callTool(
  tool: Tool,
  input: unknown,
  { root, commonOptions, runner }: McpOptions,
  signal: AbortSignal,
): Promise<CallToolResult> {
  try {
    const { argv, input: stdin } = tool.command(input, root)
    const end = argv.indexOf('--')
    const options = end === -1 ? argv.length : end
    const all = [...argv.slice(0, options), ...commonOptions, ...argv.slice(options)]
    const result = await runner.run({ argv: all, ...(stdin !== undefined && { input: stdin }) }, signal)
    if (result.isCut) return failure(`the result is longer than ${MAX_OUTPUT_CHARS} characters: ask for less`)
    if (result.code === EXIT_UNUSABLE && result.output === '') return failure(result.errors)
    return { content: [{ type: 'text', text: result.output || result.errors }] }
  } catch (error) {
    if (!isError(error, 'user')) throw error
    return failure(`${messageOf(error)}${error.hint ? `\nhint: ${error.hint}` : ''}`)
  }
}

function failure(text: string): CallToolResult {
  return { content: [{ type: 'text', text: text.trim() }], isError: true }
}
