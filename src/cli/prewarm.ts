/** Boots Python for the commands that run detections, before the command is loaded. */
import { COMMANDS } from './command-map.ts'

export async function startWarm([name = '', ...rest]: readonly string[]): Promise<void> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!entry?.runsPython || rest.some((word) => word === '--help' || word === '-h')) return
  const { warmUpEarly } = await import('../workspace/warm-up.ts')
  warmUpEarly()
}
