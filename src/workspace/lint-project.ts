/** Lints the routing of a project: findings with their source locations, without those that the repository turns off. */
import { resolve } from 'node:path'
import { readText, SourceText } from '../config/files/source-text.ts'
import { SEVERITIES } from '../model/alerts/severity.ts'
import type { Engine } from '../model/events/evaluation.ts'
import type { LintCode } from '../model/project/lint.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { reportedProblems } from '../model/project/warning-policy.ts'
import { type LintFinding, type LintLocation, type LintSubject, lintRoutes } from '../routing/lint-routes.ts'
import { routeTable } from './routes/route-table-builder.ts'
import { bodyRouting } from './routes/routing-facts.ts'

interface LintOptions {
  /** An unknown name only warns. */
  readonly allowUnknownDestinations: boolean
}

export async function lintProject(
  project: Project,
  engine: Engine,
  options: LintOptions,
): Promise<Problem[]> {
  const { registry, settings } = project
  if (typeof registry === 'string') return []
  const { rows } = await routeTable(project, engine)
  const byDetection = Map.groupBy(rows, ({ detection }) => detection)
  const subjects = [...byDetection].map(
    ([id, own]): LintSubject => ({
      detection: project.detections.get(id)!,
      rows: own,
      body: bodyRouting(engine.facts.detections.get(id)),
    }),
  )
  const sources = new Sources(project)
  const whole =
    engine.problems.length === 0 &&
    !project.problems.some(({ severity, keepsFile }) => severity === 'error' && !keepsFile)
  const found = lintRoutes(subjects, registry, whole).flatMap((finding) => {
    if (settings.lintOff.includes(finding.code)) return []
    const problem = problemOf(finding, sources, registry.file, options)
    return problem ? [{ finding, problem }] : []
  })
  const { information = [], errors = [] } = Object.groupBy(found, ({ finding }) =>
    finding.severities ? 'information' : 'errors',
  )
  const problems = [
    ...errors.map(({ problem }) => problem),
    ...untakenSeverities(
      information.map(({ finding }) => finding),
      registry.file,
    ),
  ]
  return reportedProblems(withLintOffHint(problems), settings.warnings)
}

/** With a fallback this is not an error, so one problem lists all detections. */
function untakenSeverities(findings: readonly LintFinding[], file: string): Problem[] {
  if (findings.length === 0) return []
  const severities = new Set(findings.flatMap((finding) => finding.severities ?? []))
  const highestFirst = SEVERITIES.toReversed().filter((severity) => severities.has(severity))
  const listed = highestFirst.join(' or ')
  const count = `${findings.length} ${findings.length === 1 ? 'detection' : 'detections'}`
  return [
    {
      severity: 'info',
      code: 'untaken-severity' satisfies LintCode,
      message: `${count} can return ${listed}, which no destination accepts; such alerts go only to the fallback`,
      file,
      line: 0,
      column: 0,
      hint: 'run `signalbox routes` to list them; add the severity to the `severities` of a destination',
    },
  ]
}

/** The hint of the first problem of each code shows how to turn the code off. */
function withLintOffHint(problems: readonly Problem[]): Problem[] {
  const known = new Set<string>()
  return problems.map((problem) => {
    const { code, hint } = problem
    if (known.has(code)) return problem
    known.add(code)
    const lintOff = `to turn it off, use lint: { off: [${code}] } in signalbox.yaml, or the comment # signalbox-ignore: ${code}`
    return { ...problem, hint: hint === null ? lintOff : `${hint}; ${lintOff}` }
  })
}

/** Returns null when a comment in the file turns the finding off. */
function problemOf(
  { code, at, message, hint }: LintFinding,
  sources: Sources,
  registryFile: string,
  { allowUnknownDestinations }: LintOptions,
): Problem | null {
  const { file, line, column } = sources.locate(at)
  if (isSilenced(code, [sources.line(file, line), sources.line(file, line - 1)])) return null
  const isError = code === 'unknown-destination' && !allowUnknownDestinations
  const problem = {
    severity: isError ? 'error' : 'warning',
    keepsFile: true,
    code,
    message,
    file,
    line,
    column,
    hint,
  } as const
  const source = sources.line(file, line)
  // A line of the registry may hold a secret.
  return file === registryFile || source === '' ? problem : { ...problem, source }
}

/** Looks for `# signalbox-ignore: CODE, CODE` on the line itself, or on a comment line above it. */
function isSilenced(code: LintCode, [own = '', above = '']: readonly string[]): boolean {
  return [own, /^\s*#/.test(above) ? above : ''].some((line) => {
    const codes = /#\s*signalbox-ignore:\s*([\w\s,-]+)/.exec(line)?.[1]
    return codes?.split(/[\s,]+/).includes(code) === true
  })
}

/** Keeps the texts of files with findings, so that each is read once. */
class Sources {
  readonly #root: string
  readonly #folders: readonly string[]
  readonly #texts = new Map<string, SourceText | null>()

  constructor({ root, folders }: Project) {
    this.#root = root
    this.#folders = folders
  }

  locate(at: LintLocation): { file: string; line: number; column: number } {
    if ('location' in at) return at.location
    const { file, key, otherwise } = at
    const found = new RegExp(`^${key}\\s*:`, 'm').exec(this.#of(file)?.text ?? '')
    return found ? this.#of(file)!.locationAt(found.index) : otherwise
  }

  line(file: string, line: number): string {
    return line < 1 ? '' : (this.#of(file)?.line(line) ?? '')
  }

  #of(file: string): SourceText | null {
    let source = this.#texts.get(file)
    if (source === undefined) {
      const read = readText(resolve(this.#root, file), this.#folders)
      source = 'text' in read ? new SourceText(file, read.text) : null
      this.#texts.set(file, source)
    }
    return source
  }
}
