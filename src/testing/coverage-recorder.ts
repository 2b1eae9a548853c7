/** Gathers which lines of Python the cases ran: per detection, and per file, which several detections may share. */
import type { DetectionCoverage, FileCoverage } from '../model/events/coverage.ts'
import type { BodyLines, TestOutcome } from '../model/events/evaluation.ts'
import type { Detection } from '../model/project/detection.ts'

export class Coverage {
  readonly #detections: DetectionCoverage[] = []

  /** Detections without a body have no lines. */
  add({ id, body }: Pick<Detection, 'id' | 'body'>, outcomes: readonly Pick<TestOutcome, 'lines'>[]): void {
    if (!body) return
    const told = outcomes.flatMap(({ lines }) => lines ?? [])
    this.#detections.push({
      detection: id,
      file: body.path,
      lines: told.length > 0 ? joinLines(told) : null,
    })
  }

  /** By id. */
  detections(): DetectionCoverage[] {
    return this.#detections.toSorted((a, b) => (a.detection < b.detection ? -1 : 1))
  }

  /** By name; those that some case told of. */
  files(): FileCoverage[] {
    const told = this.#detections.flatMap(({ file, lines }) => (lines ? [{ file, lines }] : []))
    const byFile = Map.groupBy(told, ({ file }) => file)
    return [...byFile]
      .map(([file, each]) => ({ file, ...joinLines(each.map(({ lines }) => lines)) }))
      .sort((a, b) => (a.file < b.file ? -1 : 1))
  }
}

/** A line that could not run did not: a body can reach what counts its lines. */
function joinLines(told: readonly BodyLines[]): BodyLines {
  const executable = new Set(told.flatMap((lines) => lines.executable))
  const run = new Set(told.flatMap((lines) => lines.run.filter((line) => executable.has(line))))
  const ascending = (lines: Set<number>) => [...lines].sort((a, b) => a - b)
  return { executable: ascending(executable), run: ascending(run) }
}
