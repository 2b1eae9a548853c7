/** Reports the progress of `test` when Ctrl-C ends it, and the detections without a result. */
import { counted, escapeForTerminal } from '../../reporters/parts/terminal-text.ts'
import type { Io } from '../command/command.ts'
import { EXIT_INTERRUPTED } from '../command/interrupts.ts'
import type { Session } from '../command/session.ts'

const MAX_DETECTIONS_NAMED = 3

/** @returns a function that restores the default behaviour of the signal. */
export function reportWhenInterrupted(unfinished: ReadonlySet<string>, session: Session, io: Io): () => void {
  const total = unfinished.size
  return io.onSignal((signal) => {
    if (signal === 'SIGHUP') return
    const named = [...unfinished].slice(0, MAX_DETECTIONS_NAMED).map(escapeForTerminal)
    const left = unfinished.size - named.length
    const listed = left > 0 ? `${named.join(', ')} and ${left} more` : named.join(', ')
    const done = `${total - unfinished.size} of ${counted(total, 'detection')} done`
    session.printError(`signalbox: interrupted: ${done}${listed && `; without a result: ${listed}`}`)
    io.endNow(EXIT_INTERRUPTED)
  })
}
