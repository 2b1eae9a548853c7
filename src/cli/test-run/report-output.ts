/** Passes results to several reporters and writes their texts to standard output or files. */
import { isAbsolute, resolve } from 'node:path'
import { isError, messageOf, UserError } from '../../errors.ts'
import { appendOutput, type WriteLimits, writeOutput } from '../../files/output-file.ts'
import type { DetectionResult } from '../../model/events/test-result.ts'
import { REPORTERS } from '../../reporters/_catalog.ts'
import type { Reporter, TestRun } from '../../reporters/_reporter.ts'
import { plainStyle } from '../../reporters/parts/terminal-text.ts'
import { actionsStepOf } from '../../workspace/open-project.ts'
import type { Session } from '../command/session.ts'
import type { ReporterChoice } from './selection.ts'

interface Report {
  result(result: DetectionResult): void
  end(run: TestRun): void
}

export async function openReport(
  choices: readonly ReporterChoice[],
  failuresOnly: boolean,
  session: Session,
): Promise<Report> {
  const { pathPrefix, summaryFile } = actionsStepOf(session.workspace)
  const options = { failuresOnly, pathPrefix }
  const outputs = await Promise.all(choices.map((choice) => openOutput(choice, options, session)))
  return {
    result: (result) => {
      for (const { reporter, write } of outputs) write(reporter.result(result))
    },
    end: (run) => {
      for (const { reporter, write, close } of outputs) {
        write(reporter.end(run))
        close()
        if (reporter.stepSummary && summaryFile !== null)
          writeOrThrow(summaryFile, () =>
            appendOutput(summaryFile, reporter.stepSummary!(run), limitsOf(summaryFile, session)),
          )
      }
    },
  }
}

interface Output {
  readonly reporter: Reporter
  readonly write: (text: string) => void
  readonly close: () => void
}

async function openOutput(
  { name, file }: ReporterChoice,
  options: { readonly failuresOnly: boolean; readonly pathPrefix: string },
  session: Session,
): Promise<Output> {
  const create = (await REPORTERS[name]!()).default
  if (file === null) {
    const reporter = create({ style: session.style, ...options })
    return { reporter, write: (text) => text !== '' && session.print(text), close: () => {} }
  }
  // The file is written at the end, so that an interrupted run leaves no partial document.
  let collected = ''
  const write = (text: string) => {
    collected += text
  }
  const close = () => writeReport(file, collected, session)
  return { reporter: create({ style: plainStyle, ...options }), write, close }
}

export function writeReport(file: string, content: string, session: Pick<Session, 'workspace'>): void {
  const path = resolve(file)
  writeOrThrow(path, () => writeOutput(path, content, limitsOf(file, session)))
}

/** No link may lead out of the project, or out of the current folder for a relative path. */
function limitsOf(file: string, { workspace }: Pick<Session, 'workspace'>): WriteLimits {
  return { folders: [resolve(workspace.root), ...(isAbsolute(file) ? [] : [resolve('.')])] }
}

function writeOrThrow(path: string, write: () => void): void {
  try {
    write()
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`cannot write ${path}: ${messageOf(cause)}`, {
      code: 'unwritable-output',
      hint: 'check the folder and its permissions, or name another file',
      cause,
    })
  }
}
