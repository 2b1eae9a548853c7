/** Records which lines of Python the cases ran, by detection and by file. Several detections may share a file. */
import type { DetectionCoverage, FileCoverage } from '../model/events/coverage.ts'
import type { BodyLines, TestOutcome } from '../model/events/evaluation.ts'
import type { Detection } from '../model/project/detection.ts'

export class Coverage {
  readonly #detections: DetectionCoverage[] = []

  /** Detections without a body have no lines. */
  add({ id, body }: Pick<Detection, 'id' | 'body'>, outcomes: readonly Pick<TestOutcome, 'lines'>[]): void {
    if (!body) return
    const recorded = outcomes.flatMap(({ lines }) => lines ?? [])
    this.#detections.push({
      detection: id,
      file: body.path,
      lines: recorded.length > 0 ? joinLines(recorded) : null,
    })
  }

  /** The detections are sorted by id. */
  detections(): DetectionCoverage[] {
    return this.#detections.toSorted((a, b) => (a.detection < b.detection ? -1 : 1))
  }

  /** Files that a case reported lines of, by name. */
  files(): FileCoverage[] {
    const covered = this.#detections.flatMap(({ file, lines }) => (lines ? [{ file, lines }] : []))
    const byFile = Map.groupBy(covered, ({ file }) => file)
    return [...byFile]
      .map(([file, each]) => ({ file, ...joinLines(each.map(({ lines }) => lines)) }))
      .sort((a, b) => (a.file < b.file ? -1 : 1))
  }
}

/** Lines that cannot run are dropped: project code can reach the counter of lines and report any number. */
function joinLines(parts: readonly BodyLines[]): BodyLines {
  const executable = new Set(parts.flatMap((lines) => lines.executable))
  const run = new Set(parts.flatMap((lines) => lines.run.filter((line) => executable.has(line))))
  const ascending = (lines: Set<number>) => [...lines].sort((a, b) => a - b)
  return { executable: ascending(executable), run: ascending(run) }
}
