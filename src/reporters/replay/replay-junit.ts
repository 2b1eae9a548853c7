/** The report of a replay for CI servers: a case for each budget and each problem of the input. Pure. */
import type { BudgetResult, InputProblem, ReplayReport } from '../../model/replay/replay-report.ts'
import { escapeXml, xmlElement } from '../parts/xml-element.ts'
import { eventsText, summaryText } from './replay-figures.ts'

export function replayJunit(report: ReplayReport): string {
  const { budgets, problems, problemCount } = report
  const failures = budgets.filter(({ isKept }) => !isKept).length
  const cases = [
    xmlElement('testcase', { classname: 'replay', name: 'replay' }, [
      xmlElement('system-out', {}, [escapeXml(`${summaryText(report)}; ${eventsText(report.events)}`)], ''),
    ]),
    ...budgets.map(budgetCase),
    ...problems.map(problemCase),
  ]
  // The report keeps only the first problems.
  const counts = { tests: cases.length, failures, errors: problems.length, skipped: 0 }
  const hidden = problemCount - problems.length
  const more = hidden > 0 ? [xmlElement('system-err', {}, [`${hidden} more problems of the input`], '')] : []
  const suite = xmlElement('testsuite', { name: 'replay', ...counts }, [...cases, ...more])
  const root = xmlElement('testsuites', { name: 'signalbox', ...counts }, [suite])
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`
}

function budgetCase({ budget, isKept, message }: BudgetResult): string {
  const failure = isKept ? [] : [xmlElement('failure', { message }, [])]
  return xmlElement('testcase', { classname: 'replay.budgets', name: budget }, failure)
}

function problemCase({ kind, file, position, reason }: InputProblem): string {
  const error = xmlElement('error', { type: kind, message: reason }, [escapeXml(`${file}: ${position}`)], '')
  return xmlElement('testcase', { classname: 'replay.input', name: `${file}: ${position}`, file }, [error])
}
