/** Reads the keys of `watch` if standard input is a terminal. */
import type { Io } from '../command/command.ts'

export type WatchCommand = 'all' | 'failed' | { readonly pattern: string } | 'end' | 'interrupt'

interface KeyListener {
  readonly onCommand: (command: WatchCommand) => void
  readonly showLine: (line: string) => void
}

export const KEY_HELP = 'Enter: run all, f: run failed, t: filter by id, q: quit'

const CTRL_C = '\u0003'
const ESCAPE = '\u001b'
const ENTER = ['\r', '\n']
const BACKSPACE = ['\u007f', '\b']

type Terminal = Io['stdin'] & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown }

/** @returns a function that stops listening, or null if standard input is not a terminal. */
export function listenToKeys(stdin: Io['stdin'], listener: KeyListener): (() => void) | null {
  const terminal = stdin as Terminal
  if (!terminal.isTTY || !terminal.setRawMode) return null
  const keys = keyReader(listener)
  const onData = (data: Buffer | string) => {
    for (const key of data.toString()) keys(key)
  }
  terminal.setRawMode(true)
  terminal.on('data', onData)
  terminal.resume()
  return () => {
    terminal.off('data', onData)
    terminal.setRawMode?.(false)
    terminal.pause()
  }
}

/** Turns keys into commands, one at a time. While the user types a part of an id, letters are text and not commands. */
export function keyReader({ onCommand, showLine }: KeyListener): (key: string) => void {
  let typed: string | null = null
  const type = (key: string) => {
    if (key === ESCAPE) typed = null
    else if (ENTER.includes(key)) {
      onCommand({ pattern: typed ?? '' })
      typed = null
    } else if (BACKSPACE.includes(key)) typed = (typed ?? '').slice(0, -1)
    else typed += key
    if (typed !== null) showLine(`Filter by id: ${typed}`)
  }
  return (key) => {
    if (key === CTRL_C) onCommand('interrupt')
    else if (typed !== null) type(key)
    else if (ENTER.includes(key)) onCommand('all')
    else if (key === 'f') onCommand('failed')
    else if (key === 'q') onCommand('end')
    else if (key === 't') {
      typed = ''
      showLine('Filter by id (Enter alone shows all):')
    } else if (key === 'h' || key === '?') showLine(KEY_HELP)
  }
}
