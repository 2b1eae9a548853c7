/** Tests, waits for a change, tests again: what changed is told first. Ends with SIGINT or SIGTERM. */
import { isError, messageOf } from '../errors.ts'
import type { Project } from '../model/project.ts'
import type { DetectionResult } from '../model/test-result.ts'
import { counted } from '../reporters/_style.ts'
import { warmUpEarly, watchProject } from '../workspace/project.ts'
import { type Io, OK } from './_command.ts'
import { INTERRUPTED } from './_interrupts.ts'
import type { Session } from './_session.ts'
import { type TestRequest, testProject } from './_test-run.ts'

export async function watchTests(request: TestRequest, session: Session, io: Io): Promise<number> {
  const changes = createChanges()
  const stopSignals = io.onSignal(
    (signal) => signal !== 'SIGHUP' && changes.end(signal === 'SIGINT' ? INTERRUPTED : OK),
  )
  const stopWatching = await watchProject(session.workspace.root, (paths) => changes.add(paths))
  try {
    for (let changed: readonly string[] = []; ; ) {
      await testOnce(request, changed, session, io)
      // For the next round.
      warmUpEarly()
      session.note(`\nwaiting for changes, Ctrl-C ends`)
      const next = await changes.next()
      if (typeof next === 'number') return next
      changed = next
      session.note(`\n${counted(changed.length, 'file')} changed`)
    }
  } finally {
    stopSignals()
    await stopWatching()
  }
}

/** A project that is broken for the moment must not end the watch. */
async function testOnce(
  request: TestRequest,
  changed: readonly string[],
  session: Session,
  io: Io,
): Promise<void> {
  const first = (result: DetectionResult, project: Project) => isTouched(result, project, changed)
  try {
    await testProject(changed.length > 0 ? { ...request, first } : request, session, io)
  } catch (error) {
    if (!isError(error, 'user')) throw error
    session.complain(`signalbox: ${messageOf(error)}`)
  }
}

function isTouched({ id, file }: DetectionResult, project: Project, changed: readonly string[]): boolean {
  const body = project.detections.get(id)?.body?.path
  return changed.includes(file) || (body !== undefined && changed.includes(body))
}

interface Changes {
  add(paths: readonly string[]): void
  end(code: number): void
  /** The paths changed since the last call, or the exit code. */
  next(): Promise<readonly string[] | number>
}

function createChanges(): Changes {
  let pending: string[] = []
  let code: number | null = null
  let waiting = Promise.withResolvers<void>()
  return {
    add(paths) {
      pending.push(...paths)
      waiting.resolve()
    },
    end(exitCode) {
      code = exitCode
      waiting.resolve()
    },
    async next() {
      await waiting.promise
      if (code !== null) return code
      const paths = [...new Set(pending)]
      pending = []
      waiting = Promise.withResolvers()
      return paths
    },
  }
}
