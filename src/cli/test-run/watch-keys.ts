/** The keys of `watch`, where standard input is a terminal. */
import type { Io } from '../command/command.ts'

export type WatchCommand = 'again' | 'failed' | { readonly pattern: string } | 'end' | 'interrupt'

interface KeyListener {
  readonly order: (order: WatchCommand) => void
  /** A line to show. */
  readonly tell: (line: string) => void
}

export const KEY_HELP = 'Enter tests all again, f what failed, t by a part of the id, q ends'

const CTRL_C = '\u0003'
const ESCAPE = '\u001b'
const ENTER = ['\r', '\n']
const BACKSPACE = ['\u007f', '\b']

type Terminal = Io['stdin'] & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown }

/** Returns the way back; null where there is no terminal. */
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

/** One key at a time; while a part of an id is being typed, letters are letters. */
export function keyReader({ order, tell }: KeyListener): (key: string) => void {
  let typed: string | null = null
  const type = (key: string) => {
    if (key === ESCAPE) typed = null
    else if (ENTER.includes(key)) {
      order({ pattern: typed ?? '' })
      typed = null
    } else if (BACKSPACE.includes(key)) typed = (typed ?? '').slice(0, -1)
    else typed += key
    if (typed !== null) tell(`only ids that hold: ${typed}`)
  }
  return (key) => {
    if (key === CTRL_C) order('interrupt')
    else if (typed !== null) type(key)
    else if (ENTER.includes(key)) order('again')
    else if (key === 'f') order('failed')
    else if (key === 'q') order('end')
    else if (key === 't') {
      typed = ''
      tell('only ids that hold: (Enter alone: all)')
    } else if (key === 'h' || key === '?') tell(KEY_HELP)
  }
}
